import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const cli = resolve(import.meta.dirname, '../../dist/cli.mjs');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Started {
  process: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves with the match once the output has it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A folder of a user, with `pawl` typed in it as a process of its own. */
export interface Project {
  dir: string;
  write(file: string, text: string): void;
  read(file: string): string;
  start(...words: string[]): Started;
  pawl(...words: string[]): Promise<Ended>;
  /** Ends what was started and removes the folder. */
  dispose(): Promise<void>;
}

export function createProject(files: Record<string, string>): Project {
  const dir = mkdtempSync(join(tmpdir(), 'pawl-project-'));
  const running = new Set<Started>();
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);

  function start(...words: string[]): Started {
    const { PAWL_URL: _url, PAWL_TOKEN: _token, npm_command: _npm, FORCE_COLOR: _color, ...env } = process.env;
    const child = spawn(process.execPath, [cli, ...words], {
      cwd: dir,
      env: { ...env, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    const listeners = new Set<() => void>();
    const hear = (chunk: string, isOut: boolean) => {
      if (isOut) out += chunk;
      else err += chunk;
      for (const listener of listeners) listener();
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => hear(chunk, true));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => hear(chunk, false));
    const ended = new Promise<Ended>((settle) => {
      child.on('close', (code) => {
        running.delete(started);
        settle({ code, out, err });
      });
    });
    const started: Started = {
      process: child,
      ended,
      says: (pattern) =>
        new Promise((found, missing) => {
          const look = () => {
            const match = pattern.exec(out) ?? pattern.exec(err);
            if (match === null) return;
            listeners.delete(look);
            found(match);
          };
          listeners.add(look);
          look();
          void ended.then(() => missing(new Error(`ended without ${pattern}:\n${out}\n${err}`)));
        }),
    };
    running.add(started);
    return started;
  }

  return {
    dir,
    write,
    read: (file) => readFileSync(join(dir, file), 'utf8'),
    start,
    pawl: (...words) => start(...words).ended,
    async dispose() {
      for (const { process: child } of running) child.kill('SIGKILL');
      await Promise.all([...running].map(({ ended }) => ended));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
