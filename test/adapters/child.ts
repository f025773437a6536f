import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  process: ChildProcess;
  /** The next line that holds this field, those seen already included. */
  said<T = unknown>(field: string): Promise<T>;
  tell(order: object): void;
  kill(): Promise<void>;
  /** Resolves to the exit code. */
  ended: Promise<number | null>;
}

/** Runs a fixture as a process of its own. What it prints are JSON objects, one a line. */
export function startChild(fixture: string, args: string[], options: { shell?: string } = {}): Child {
  const path = fileURLToPath(new URL(`./fixtures/${fixture}`, import.meta.url));
  const command = [process.execPath, '--import', 'tsx', path, ...args];
  const [program = '', ...rest] =
    options.shell === undefined ? command : ['bash', '-c', `${options.shell}; exec "$@"`, 'bash', ...command];
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Record<string, unknown>[] = [];
  let onLine = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line));
    onLine();
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    process: child,
    ended,
    said: <T>(field: string) =>
      new Promise<T>((resolve, reject) => {
        const look = () => {
          const index = lines.findIndex((line) => field in line);
          if (index >= 0) resolve(lines.splice(index, 1)[0]?.[field] as T);
        };
        onLine = look;
        void ended.then(() => setImmediate(() => reject(new Error(`the process ended without saying "${field}"`))));
        look();
      }),
    tell: (order) => child.stdin?.write(`${JSON.stringify(order)}\n`),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
