import picocolors from 'picocolors';
import { readEnvironment, wantsColor } from '../wiring/cli-environment.ts';
import type { Cli, Redraw, Terminal } from './cli.ts';
import { createConnect } from './connect.ts';
import { exitCode } from './exit-codes.ts';

/** The command line of this process. */
export function createSystemCli(words: readonly string[]): Cli {
  const cwd = process.cwd();
  const environment = () => readEnvironment();
  return {
    terminal: createTerminal(),
    cwd,
    words,
    now: Date.now,
    environment,
    connect: createConnect(cwd, environment),
    readStdin,
    onStop(callback) {
      const interrupt = () => callback('SIGINT');
      const terminate = () => callback('SIGTERM');
      process.on('SIGINT', interrupt);
      process.on('SIGTERM', terminate);
      return () => {
        process.off('SIGINT', interrupt);
        process.off('SIGTERM', terminate);
      };
    },
    exit: { code: exitCode.ok },
    quit: (code) => process.exit(code),
  };
}

function createTerminal(): Terminal {
  const { stdout, stderr } = process;
  // Whoever reads may stop reading, as `head` does.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? exitCode.ok : exitCode.failed),
    );
  }
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    outColors: picocolors.createColors(wantsColor(stdout.isTTY ?? false)),
    errColors: picocolors.createColors(wantsColor(stderr.isTTY ?? false)),
    interactive: stderr.isTTY ?? false,
    outWidth: () => (stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY),
    errWidth: () => (stderr.isTTY ? stderr.columns : Number.POSITIVE_INFINITY),
    errHeight: () => (stderr.isTTY ? stderr.rows : 24),
    redraw,
  };
}

async function redraw(): Promise<Redraw> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(process.stderr);
  let shown = '';
  return {
    draw(lines) {
      shown = lines.join('\n');
      update(shown);
    },
    above(lines) {
      update.clear();
      update.persist(lines.join('\n'));
      update(shown);
    },
    done: () => update.done(),
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
