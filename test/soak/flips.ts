/**
 * Flips bits anywhere in the file of a data directory, and has a process read all of it: what comes out is as it was, or
 * a fault, or the end of the process. Where something is missing without a word, or the process ended, the inspection
 * that `pawl doctor` makes has to find damage.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { createLmdbDocuments } from '../../lib/adapters/lmdb/documents.ts';
import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from '../conformance/samples.ts';
import { seededFraction } from '../kernel/harness.ts';
import { type Content, collections, readContent } from './content.ts';

export interface FlipsOptions {
  dir: string;
  flips: number;
  seed: number;
  /** Of these flips only those of these numbers. */
  only?: readonly number[];
  onProgress?: (counts: FlipCounts) => void;
}

type Outcome = 'right' | 'reported' | 'refused' | 'missing' | 'ended' | 'hung';

interface FlipCounts extends Record<Outcome, number> {
  flips: number;
}

export interface FlipsResult {
  counts: FlipCounts;
  facts: string[];
}

const readsWithinMs = 10_000;
const progressEvery = 100;
const pageBytes = 4_096;
/** Of all flips, those in the pages where reading begins, and those of more than one bit. */
const inFirstPages = 0.15;
const ofManyBits = 0.3;
const runCount = 40;

export async function flip({ dir, flips, seed, only, onProgress }: FlipsOptions): Promise<FlipsResult> {
  const base = join(dir, 'base');
  const copy = join(dir, 'copy');
  const truthFile = join(dir, 'truth.json');
  mkdirSync(copy, { recursive: true });
  writeFileSync(truthFile, JSON.stringify({ start: T0, content: await fill(base) }));
  const program = await bundleReader(dir);
  const whole = readFileSync(join(base, 'store.mdb'));
  const random = seededFraction(seed);
  const counts: FlipCounts = { flips: 0, right: 0, reported: 0, refused: 0, missing: 0, ended: 0, hung: 0 };
  const facts: string[] = [];
  let reader = startReader(program, truthFile);

  async function ask(order: object): Promise<Answer> {
    const answer = await reader.ask(order);
    if ('end' in answer) reader = startReader(program, truthFile);
    return answer;
  }

  function layOut(bytes: Buffer): void {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy);
    copyFileSync(join(base, 'format.json'), join(copy, 'format.json'));
    writeFileSync(join(copy, 'store.mdb'), bytes);
  }

  for (let number = 1; number <= flips; number += 1) {
    const { bytes, where } = damagedCopy(whole, random);
    if (only && !only.includes(number)) continue;
    layOut(bytes);
    let read = await ask({ number, dataDir: copy, inspect: false });
    if ('end' in read) {
      // It has read others before, and may have been harmed by those.
      layOut(bytes);
      read = await ask({ number, dataDir: copy, inspect: false });
    }
    const outcome = 'end' in read ? read.end : (read.verdict ?? 'wrong');
    counts.flips += 1;
    if (outcome === 'wrong') facts.push(`flip ${number} (${where}): wrong data: ${read.what}`);
    else counts[outcome] += 1;
    if (outcome === 'refused' && !read.what?.startsWith('corrupt'))
      facts.push(`flip ${number} (${where}): ${read.what}`);
    if (outcome === 'missing' || outcome === 'ended' || outcome === 'hung') {
      layOut(bytes);
      const inspected = await ask({ number, dataDir: copy, inspect: true });
      const isFound = 'end' in inspected || (inspected.found ?? '') !== '';
      const what = 'end' in read ? `the reader ${read.end}` : read.what;
      if (!isFound) facts.push(`flip ${number} (${where}): the inspection finds nothing, but ${what}`);
    }
    if (number % progressEvery === 0) onProgress?.(counts);
  }
  reader.process.kill('SIGKILL');
  return { counts, facts };
}

function damagedCopy(whole: Buffer, random: () => number): { bytes: Buffer; where: string } {
  const bytes = Buffer.from(whole);
  const bits = random() < ofManyBits ? 2 + Math.floor(random() * 14) : 1;
  const end = random() < inFirstPages ? 2 * pageBytes : bytes.length;
  const start = Math.floor(random() * end);
  const places: string[] = [];
  for (let i = 0; i < bits; i += 1) {
    const at = Math.min(bytes.length - 1, start + (i === 0 ? 0 : Math.floor(random() * 64)));
    const bit = Math.floor(random() * 8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    places.push(`${at}.${bit}`);
  }
  return { bytes, where: places.join(' ') };
}

/** Runs of every state, with long and short journals, mail and documents; some of all that was there is gone again. */
async function fill(dataDir: string): Promise<Content> {
  const clock = createVirtualClock({ start: T0 });
  const store = createLmdbStore({ dataDir, clock });
  const documents = createLmdbDocuments({ dataDir });
  const ids: string[] = [];
  for (let i = 0; i < runCount; i += 1) {
    const id = `run-${i}`;
    ids.push(id);
    const correlation = i % 3 === 0 ? { correlationId: `c-${i}` } : {};
    await store.create(aHead({ birth: { id, input: `{"n":${i}}`, createdAt: T0 + i, ...correlation } }));
    for (let position = 1; position <= i % 9; position += 1) {
      await store.append(id, aChunk(position, { events: position % 4 === 0 ? everyEvent : aChunk(position).events }));
    }
    if (i % 10 === 0) {
      const details = 'x'.repeat(9_000);
      await store.append(id, aChunk((i % 9) + 1, { events: [{ type: 'run_reported', at: T0, details }] }));
    }
    if (i % 4 === 0) await store.putMail(id, 'nonce-1', aSignal(`s-${i}`));
    const status = (['running', 'waiting', 'completed', 'failed', 'pending'] as const)[i % 5] ?? 'running';
    const isOver = status === 'completed' || status === 'failed';
    const state = isOver ? { status, closedAt: T0 + i } : { status, wakeAt: T0 + 1_000 + i };
    const position = isOver || status === 'waiting' ? (i % 9) + (i % 10 === 0 ? 1 : 0) : 0;
    await store.updateHead(id, { state, position }, { nonce: 'nonce-1' });
    if (i % 7 === 0) {
      await store.create(aHead({ birth: { id: `gone-${i}` } }));
      await store.deleteRun(`gone-${i}`, 'nonce-1');
    }
  }
  for (const collection of collections) {
    for (let i = 0; i < 15; i += 1) await documents.write(collection, `name-${i}`, `text ${i} of ${collection}`, 0);
  }
  await store.close();
  // One that has written nothing: what a store has written it knows in part without reading.
  const reading = createLmdbStore({ dataDir, clock });
  const content = await readContent({ store: reading, documents }, ids);
  await documents.close();
  await reading.close();
  return content;
}

async function bundleReader(dir: string): Promise<string> {
  const modules = join(dir, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const root = resolve(import.meta.dirname, '../..');
  const unbundled = ['lmdb', 'msgpackr'];
  for (const name of unbundled) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  const outfile = join(dir, 'reader.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures/flip-reader.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outfile,
    external: unbundled,
    logLevel: 'error',
  });
  return outfile;
}

type Answer =
  | { end: 'ended' | 'hung'; what?: string }
  | { number: number; verdict?: Exclude<Outcome, 'ended' | 'hung'> | 'wrong'; what?: string; found?: string };

interface Reader {
  process: ChildProcess;
  ask(order: object): Promise<Answer>;
}

function startReader(program: string, truthFile: string): Reader {
  const child = spawn(process.execPath, [program, truthFile], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  let take: (answer: Answer) => void = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer & { ready?: true };
    if (!answer.ready) take(answer);
  });
  let hasEnded = false;
  child.on('close', () => {
    hasEnded = true;
    take({ end: 'ended' });
  });
  return {
    process: child,
    ask: (order) =>
      new Promise((resolveAnswer) => {
        const late = setTimeout(() => {
          take({ end: 'hung' });
          child.kill('SIGKILL');
        }, readsWithinMs);
        take = (answer) => {
          clearTimeout(late);
          resolveAnswer(answer);
        };
        if (hasEnded) take({ end: 'ended' });
        else child.stdin.write(`${JSON.stringify(order)}\n`);
      }),
  };
}
