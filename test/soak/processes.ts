/**
 * The processes under test, and their deaths. Owns: how one is started, asked and killed. Each is the built package: a
 * worker (`openPawl`) that is asked line by line, or `pawl serve`, which is asked over HTTP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { createClient } from '../../lib/client/index.ts';
import type { PawlApi } from '../../lib/service/api.ts';

const root = resolve(import.meta.dirname, '../..');
const cli = join(root, 'dist/cli.mjs');
/** A dying process may take a request with it. */
const answerWithinMs = 5_000;

export interface Stage {
  dir: string;
  dataDir: string;
  effectsFile: string;
}

/** A process never fails by its limits here: being killed is what it is there for. */
const limits = { crashes: 1_000_000, takeovers: 1_000_000 };

/** They find files of their own beside them. */
const unbundled = ['lmdb', 'msgpackr', 'esbuild'];

/** A folder with all that the processes need, so that each is up within a fraction of a second. */
export async function prepareStage(dir: string): Promise<Stage> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "name": "soak", "type": "module" }');
  writeFileSync(join(dir, 'pawl.config.json'), JSON.stringify({ workflows: 'workflows.mjs', limits }));
  writeFileSync(join(dir, 'effects.txt'), '');
  await bundleFixture(dir, 'worker');
  await build({ ...common, entryPoints: [join(fixtures, 'workflows.ts')], outdir: dir, external: ['pawl'] });
  return { dir, dataDir: join(dir, 'data'), effectsFile: join(dir, 'effects.txt') };
}

const fixtures = join(import.meta.dirname, 'fixtures');
const common = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  logLevel: 'error',
} as const;

/** One of the fixtures with the built package in it. Answers with the program's file. */
export async function bundleFixture(dir: string, name: string): Promise<string> {
  const modules = join(dir, 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(root, join(modules, 'pawl'));
  for (const unbundledName of unbundled)
    symlinkSync(join(root, 'node_modules', unbundledName), join(modules, unbundledName));
  await build({
    ...common,
    entryPoints: [join(fixtures, `${name}.ts`)],
    outdir: dir,
    splitting: true,
    ignoreAnnotations: true,
    alias: { pawl: join(root, 'dist/index.mjs') },
    external: unbundled,
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
  return join(dir, `${name}.mjs`);
}

export type Kind = 'worker' | 'server';
type Ask = Pick<PawlApi, 'startRun' | 'getRun' | 'signalRun' | 'cancelRun'>;

export interface Actor {
  kind: Kind;
  process: ChildProcess;
  /** Resolves once it takes requests; rejects if it ended before. */
  ready: Promise<void>;
  /** Rejects if the process ends before it has answered. */
  ask: Ask;
  ended: Promise<{ code: number | null; signal: string | null }>;
  /** What it wrote to stderr, the last of it. */
  complaints(): string;
}

/** `shell`: what a shell does before it becomes the process. */
export function startActor(
  stage: Stage,
  kind: Kind,
  { fsync = 'batch', shell = ':' }: { fsync?: 'batch' | 'never'; shell?: string } = {},
): Actor {
  const words =
    kind === 'worker'
      ? [join(stage.dir, 'worker.mjs'), stage.dataDir, JSON.stringify({ fsync, limits })]
      : [cli, 'serve', '--port', '0', '--data-dir', stage.dataDir];
  const child = spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', process.execPath, ...words], {
    cwd: stage.dir,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, SOAK_EFFECTS: stage.effectsFile },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Awaited<Actor['ended']>);
  const lines = createInterface({ input: child.stdout });
  const { ready, ask } = kind === 'worker' ? workerSide(child, lines) : serverSide(lines);
  const orDead = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failsAt(ended), failsAfter(answerWithinMs)]);
  return {
    kind,
    process: child,
    ended,
    ready: Promise.race([ready, failsAt(ended)]),
    ask: {
      startRun: (request) => orDead(ask().startRun(request)),
      getRun: (id) => orDead(ask().getRun(id)),
      signalRun: (...args) => orDead(ask().signalRun(...args)),
      cancelRun: (...args) => orDead(ask().cancelRun(...args)),
    },
    complaints: () => stderr,
  };
}

type Lines = ReturnType<typeof createInterface>;
interface Answer {
  id?: number;
  ready?: true;
  answer?: unknown;
  fault?: { code: string; message: string };
}

function workerSide(child: ChildProcess, lines: Lines): { ready: Promise<void>; ask: () => Ask } {
  const waiting = new Map<number, (line: Answer) => void>();
  let lastId = 0;
  const ready = new Promise<void>((resolveReady) => {
    lines.on('line', (text) => {
      const line = JSON.parse(text) as Answer;
      if (line.ready) resolveReady();
      if (line.id !== undefined) waiting.get(line.id)?.(line);
    });
  });
  const tell =
    <T>(verb: string) =>
    (...args: unknown[]) =>
      new Promise<T>((resolveAnswer, reject) => {
        lastId += 1;
        const id = lastId;
        waiting.set(id, ({ answer, fault }) => {
          waiting.delete(id);
          if (fault === undefined) resolveAnswer(answer as T);
          else reject(Object.assign(new Error(fault.message), { code: fault.code }));
        });
        child.stdin?.write(`${JSON.stringify({ id, verb, args })}\n`);
      });
  const ask: Ask = {
    startRun: tell('startRun'),
    getRun: tell('getRun'),
    signalRun: tell('signalRun'),
    cancelRun: tell('cancelRun'),
  };
  return { ready, ask: () => ask };
}

function serverSide(lines: Lines): { ready: Promise<void>; ask: () => Ask } {
  let client: Ask | undefined;
  const ready = new Promise<void>((resolveReady) => {
    lines.on('line', (text) => {
      const url = /"message":"listening","url":"([^"]+)"/.exec(text)?.[1];
      if (url === undefined) return;
      client = createClient({ url, retry: { attempts: 1 }, timeoutMs: answerWithinMs });
      resolveReady();
    });
  });
  return {
    ready,
    ask() {
      if (client === undefined) throw new Error('the server does not listen yet');
      return client;
    },
  };
}

function failsAt(ended: Actor['ended']): Promise<never> {
  const failure = ended.then(({ code, signal }) => {
    throw new Error(`the process ended with ${signal ?? code}`);
  });
  // Who asks nothing more does not mind.
  failure.catch(() => {});
  return failure;
}

function failsAfter(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref();
  });
}
