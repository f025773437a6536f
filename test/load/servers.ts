/** What is loaded: each in processes of its own, with a way to look at its memory. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadChainSource } from './chain.ts';

export interface Look {
  anonMb: number;
  heapMb: number;
  /** Messages that wait for a turn; 0 where the queue is another process. */
  waiting: number;
}

export interface LoadedServer {
  url: string;
  look(): Promise<Look>;
  /** What the server complained of. */
  troubles(): string[];
  close(): Promise<void>;
}

/** A process of this folder's, as it is built. */
export function forkPart(name: string, args: string[] = [], execArgv: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), args, { execArgv });
}

/** Memory that no file backs: that leaves out the store's map, which is the disk's cache. */
export function anonMbOf(pid: number | undefined): number {
  const kb = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1_000;
}

/** `pawl serve` on a new data directory. */
export async function startServe(folder: string, fsync: string): Promise<LoadedServer> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "loaded" }');
  writeFileSync(join(folder, 'workflows.ts'), loadChainSource);
  writeFileSync(join(folder, 'pawl.config.json'), JSON.stringify({ workflows: 'workflows.ts', fsync }));
  const child = spawn(process.execPath, [resolve('dist/cli.mjs'), 'serve', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const troubles: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (troubles.length < 20) troubles.push(text.slice(0, 500));
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((found, failed) => {
    void exited.then(() => failed(new Error(`pawl serve has ended: ${troubles.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as { level: string; message?: string; msg?: string; url?: string };
      if (said.url !== undefined) found(said.url);
      if (said.level !== 'info' && troubles.length < 20) troubles.push(line.slice(0, 500));
    });
  });
  return {
    url,
    troubles: () => troubles,
    async look() {
      const text = await (await fetch(`${url}/metrics`)).text();
      const gauge = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      return {
        anonMb: anonMbOf(child.pid),
        heapMb: gauge('nodejs_heap_size_used_bytes') / 1e6,
        waiting: gauge('pawl_waiting_messages'),
      };
    },
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The functions in one process, the services' stand-ins in another. */
export async function startAws(): Promise<LoadedServer> {
  const standIns = forkPart('stand-ins', [], ['--max-old-space-size=6000']);
  const [services] = await once(standIns, 'message');
  const functions = forkPart('functions');
  let heapMb = 0;
  let troubles: [text: string, count: number][] = [];
  functions.send(services);
  const [{ url }] = (await once(functions, 'message')) as [{ url: string }];
  functions.on('message', (told: { heapMb: number; troubles: typeof troubles }) => {
    heapMb = told.heapMb;
    troubles = told.troubles;
  });
  return {
    url,
    troubles: () => troubles.map(([text, count]) => `${count} times: ${text}`),
    look: async () => ({ anonMb: anonMbOf(functions.pid), heapMb, waiting: 0 }),
    async close() {
      for (const child of [functions, standIns]) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}
