/** Damage in a data directory: who notices it, and what is said. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openPawl, type Pawl } from 'pawl';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectStore } from '../../lib/adapters/lmdb/inspect.ts';
import { placeOfKey } from '../../lib/adapters/lmdb/keys.ts';
import { openForInspection } from '../../lib/adapters/lmdb/open.ts';
import { dataCheck } from '../../lib/cli/examine.ts';
import { inspectData } from '../../lib/wiring/inspect-data.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { startChild } from '../adapters/child.ts';
import { createDataDir } from '../adapters/data-dir.ts';
import { flip } from './flips.ts';

const longestMs = 30_000;
const timeout = 60_000;
const greet = workflow({ name: 'greet' }, async (ctx, name: string) => ctx.step('greet', () => `Hello, ${name}`));
const wait = workflow({ name: 'wait' }, async (ctx) => {
  await ctx.step('begin', () => 'begun');
  return ctx.signal('go');
});

let dataDir: string;
let endings: (() => unknown)[];

beforeEach(() => {
  const directory = createDataDir();
  dataDir = directory.dataDir;
  endings = [directory.remove];
});
afterEach(async () => {
  for (const end of endings.reverse()) await end();
});

async function openOn(dir: string, worker = true): Promise<Pawl> {
  const pawl = await openPawl({ workflows: [greet, wait], dataDir: dir, worker });
  endings.push(() => pawl.close());
  return pawl;
}

/** Some runs that have ended and one that waits. */
async function fill(): Promise<string[]> {
  const pawl = await openOn(dataDir);
  const runs = await Promise.all(['Ada', 'Bob', 'Eve'].map((name) => pawl.start(greet, name)));
  for (const run of runs) await run.result();
  const waiting = await pawl.start(wait);
  for await (const { type } of pawl.watchRun(waiting.id)) if (type === 'run_suspended') break;
  await pawl.close();
  return [...runs, waiting].map(({ id }) => id);
}

type Change = (key: Buffer, value: Buffer, raw: ReturnType<typeof openRaw>) => Promise<unknown> | undefined;

function isChunk({ key }: { key: Uint8Array }): boolean {
  return placeOfKey(Buffer.from(key))?.kind === 'chunk';
}

function openRaw() {
  const path = join(dataDir, 'store.mdb');
  return open<Uint8Array, Uint8Array>({ path, encoding: 'binary', keyEncoding: 'binary' });
}

/** Changes the first record of that kind, or the first entry of the lists with that letter. */
async function change(kind: string, how: Change): Promise<void> {
  const raw = openRaw();
  const isMeant = ({ key }: { key: Uint8Array }) => {
    const place = placeOfKey(Buffer.from(key));
    return (place?.kind === 'entry' ? String.fromCharCode(key[0] ?? 0) : place?.kind) === kind;
  };
  const first = [...raw.getRange()].find(isMeant);
  if (!first) throw new Error(`there is no ${kind}`);
  await how(Buffer.from(first.key), Buffer.from(first.value), raw);
  await raw.close();
}

const inspect = () => inspectData({ dataDir, longestMs });
const overwrite: Change = (key, value, raw) => {
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 4;
  return raw.put(key, value);
};
const take: Change = (key, _value, raw) => raw.remove(key);
/** As if the last bit of the key had flipped. */
const move: Change = async (key, value, raw) => {
  const elsewhere = Buffer.from(key);
  const at = key.length - (key.at(-1) === 0 ? 2 : 1);
  elsewhere[at] = (key[at] ?? 0) ^ 1;
  await raw.remove(key);
  await raw.put(elsewhere, value);
};

describe('an inspection', { timeout }, () => {
  test('of a sound data directory counts its runs and finds nothing', async () => {
    await fill();
    const inspected = await inspect();
    expect(inspected).toMatchObject({ kind: 'read', runs: 4, damaged: 0, damage: [] });
    expect(dataCheck(inspected)).toMatchObject({ status: 'healthy', message: expect.stringContaining('4 runs') });
  });

  test('opens the file while a process that has it keeps all others from writing', async () => {
    await fill();
    const other = startChild('peer.ts', [dataDir, 'worker']);
    endings.push(other.kill);
    other.tell({ open: true });
    await other.said('opened');
    expect(await inspect()).toMatchObject({ kind: 'read', runs: 4, damaged: 0 });
    expect(await other.said('heldUntilOpened')).toBe(true);
  });

  test.each<[string, string, Change, RegExp]>([
    ['a head whose bytes have changed', 'head', overwrite, /^head of run \w+: its bytes/m],
    ['a birth whose bytes have changed', 'birth', overwrite, /^birth of run \w+: its bytes/m],
    ['a part of a journal whose bytes have changed', 'chunk', overwrite, /^event 1 of run \w+: its bytes/m],
    ['a part of a journal that is gone', 'chunk', take, /^event 1 of run \w+: missing/m],
    ['a part of a journal under another key', 'chunk', move, /^event \d+ of run \w+: its bytes/m],
    ['a birth that is gone', 'birth', take, /^birth of run \w+: missing/m],
    ['a head that is gone', 'head', take, /^head of run \w+: missing/m],
    ['a list that lacks a run', 'c', take, /^run \w+: missing in the list of all runs/m],
    ['a list that names nobody', 's', move, /^the list of a status names run .+, which is not there/m],
  ])('names %s', async (_what, kind, how, name) => {
    await fill();
    await change(kind, how);
    // A sound file with damaged records harms no process, so this one can read it.
    const { status, message } = dataCheck({ kind: 'read', ...inspectStore(openForInspection(dataDir), () => {}) });
    expect(status).toBe('critical');
    expect(message).toMatch(name);
    expect(message).toMatch(/backup/);
  });

  test.each<[string, (file: string) => void]>([
    ['cut short', (file) => truncateSync(file, 8_192)],
    ['overwritten where its tree begins', (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 8_192))],
    ['overwritten where reading begins', (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 0, 8_192))],
  ])('of a file that was %s says so, whatever becomes of the process that reads it', async (_what, damage) => {
    await fill();
    damage(join(dataDir, 'store.mdb'));
    const inspected = await inspect();
    expect(inspected).toMatchObject({ kind: 'broken' });
    expect(dataCheck(inspected)).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('backup') });
  });
});

describe('a damaged record', { timeout }, () => {
  test('is a fault for whoever asks for its run; lists leave that run out, and the other runs go on', async () => {
    const ids = await fill();
    await change('birth', overwrite);
    const pawl = await openOn(dataDir);
    const asked = await Promise.all(ids.map((id) => pawl.getRun(id).catch((fault: unknown) => fault)));
    const faults = asked.filter((answer) => answer instanceof Error);
    expect(faults).toEqual([
      expect.objectContaining({ code: 'corrupt', message: expect.stringContaining('birth of run') }),
    ]);
    expect((await pawl.listRuns()).items).toHaveLength(3);
    expect(await (await pawl.start(greet, 'Zoe')).result()).toBe('Hello, Zoe');
  });

  test('under the key of another is not taken for the other', async () => {
    await fill();
    const raw = openRaw();
    const [first, second] = [...raw.getRange()].filter((record) => isChunk(record) && record.key.at(-1) === 1);
    if (first === undefined || second === undefined) throw new Error('there are no two journals');
    await raw.put(Buffer.from(second.key), Buffer.from(first.value));
    await raw.close();
    expect(inspectStore(openForInspection(dataDir), () => {})).toMatchObject({
      damaged: 1,
      damage: [expect.stringContaining('event 1 of run')],
    });
    const pawl = await openOn(dataDir, false);
    const { items } = await pawl.listRuns();
    const asked = await Promise.all(items.map(({ id }) => pawl.getRun(id).catch((fault: unknown) => fault)));
    expect(asked.filter((answer) => answer instanceof Error)).toHaveLength(1);
  });

  test('at the end of a journal that the head knows of is missed', async () => {
    const ids = await fill();
    const raw = openRaw();
    const last = [...raw.getRange()].findLast(isChunk);
    await raw.remove(Buffer.from(last?.key ?? []));
    await raw.close();
    const pawl = await openOn(dataDir, false);
    const asked = await Promise.all(ids.map((id) => pawl.getRun(id).catch((fault: unknown) => fault)));
    expect(asked.filter((answer) => answer instanceof Error)).toEqual([
      expect.objectContaining({ code: 'corrupt', message: expect.stringContaining('ends at position') }),
    ]);
  });

  test('in the journal of a run that has not ended lets the run be deleted', async () => {
    const ids = await fill();
    const raw = openRaw();
    for (const { key, value } of [...raw.getRange()].filter(isChunk))
      await overwrite(Buffer.from(key), Buffer.from(value), raw);
    await raw.close();
    const pawl = await openOn(dataDir, false);
    for (const id of ids) await pawl.deleteRun(id);
    expect((await pawl.listRuns()).items).toEqual([]);
    await pawl.close();
    expect(inspectStore(openForInspection(dataDir), () => {})).toMatchObject({ runs: 0, damaged: 0 });
  });
});

describe('a start', { timeout }, () => {
  /** No process has this number for long: it is the highest there can be. */
  const dead = 4_194_303;

  function leaveMark(): void {
    mkdirSync(join(dataDir, 'opening'), { recursive: true });
    writeFileSync(join(dataDir, 'opening', `${dead}.x`), '');
  }

  test('leaves no mark once it has read what it needs', async () => {
    await fill();
    expect(readdirSync(join(dataDir, 'opening'))).toEqual([]);
  });

  test('after one that died on the way goes on if all can be read', async () => {
    await fill();
    leaveMark();
    expect((await (await openOn(dataDir, false)).listRuns()).items).toHaveLength(4);
    expect(readdirSync(join(dataDir, 'opening'))).toEqual([]);
  });

  test('after one that died of the file refuses it, each time, until a backup is in its place', async () => {
    await fill();
    const file = join(dataDir, 'store.mdb');
    const backup = join(dataDir, 'backup');
    copyFileSync(file, backup);
    writeFileSync(file, readFileSync(file).fill(0xa5, 8_192));
    rmSync(`${file}-lock`, { force: true });
    leaveMark();
    for (let time = 0; time < 2; time += 1) {
      const message = expect.stringMatching(/store\.mdb is damaged .*backup/);
      await expect(openPawl({ workflows: [], dataDir })).rejects.toMatchObject({ code: 'corrupt', message });
    }
    copyFileSync(backup, file);
    expect((await (await openOn(dataDir, false)).listRuns()).items).toHaveLength(4);
    expect(existsSync(join(dataDir, 'opening', `${dead}.x`))).toBe(false);
  });
});

test('of 60 files with flipped bits none gives wrong data, and what is missing is found by an inspection', {
  timeout,
}, async () => {
  const directory = createDataDir();
  endings.push(directory.remove);
  const { counts, facts } = await flip({ dir: directory.dataDir, flips: 60, seed: 7 });
  expect(facts).toEqual([]);
  expect(counts.right).toBeGreaterThan(0);
  expect(counts.reported).toBeGreaterThan(0);
});

test('where lmdb breaks a reading off without a word of damage, it is called damage all the same', {
  timeout,
}, async () => {
  const directory = createDataDir();
  endings.push(directory.remove);
  const only = [226, 1163, 1972, 2702];
  const { counts, facts } = await flip({ dir: directory.dataDir, flips: 2_702, seed: 2, only });
  expect(facts).toEqual([]);
  expect(counts).toMatchObject({ flips: only.length, right: 0 });
});
