import { describe, expect, test } from 'vitest';
import type { Definition } from '../../lib/kernel/definition.ts';
import type { JournalEvent } from '../../lib/kernel/events.ts';
import { foldJournal, type Journal } from '../../lib/kernel/journal.ts';
import { createKeptRuns, type KnownRun } from '../../lib/kernel/kept-runs.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import type { Program } from '../../lib/kernel/program.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, type Process, signalMail, startIn, type World } from './harness.ts';

/** Room for ten events without a payload. */
const limits = { ...defaultLimits, keptFromEvents: 2, keptBytes: 10 * 600 };

describe('what is kept', () => {
  function aJournal(id: string, events: number, phase: 'claimed' | 'settled' = 'claimed'): KnownRun {
    const journal = { birth: { id }, events: Array(events).fill(anEvent()), current: { phase } } as unknown as Journal;
    return { journal };
  }

  function anEvent(result?: string): JournalEvent {
    return { type: 'task_completed', at: 0, key: 'k', kind: 'step', ...(result !== undefined && { result }) };
  }

  function suspended(id: string, events: number): KnownRun {
    return {
      ...aJournal(id, events),
      suspended: { program: {} as Program, definition: {} as Definition, fed: events },
    };
  }

  test('belongs to whoever takes it', () => {
    const kept = createKeptRuns(limits);
    const run = suspended('a', 5);
    kept.keep(run);
    expect(kept.take('b')).toBeUndefined();
    expect(kept.take('a')).toBe(run);
    expect(kept.take('a')).toBeUndefined();
  });

  test('weighs what its payloads do, too', () => {
    const kept = createKeptRuns(limits);
    const run = suspended('a', 5);
    for (const characters of [1_000, 500]) {
      run.journal.events.push(anEvent('x'.repeat(characters)));
      kept.keep(run);
      expect(kept.take('a')).toBe(characters === 1_000 ? run : undefined);
    }
    kept.keep(suspended('b', 6));
    kept.keep(aJournal('c', 4));
    kept.keep({ journal: { ...aJournal('c', 2).journal, events: [anEvent(), anEvent('x'.repeat(400))] } });
    expect(['b', 'c'].filter((id) => kept.take(id))).toEqual(['b', 'c']);
  });

  test('is neither short nor larger than all may be together', () => {
    const kept = createKeptRuns(limits);
    for (const events of [1, 2, 10, 11]) kept.keep(suspended(`${events}`, events));
    expect(['1', '2', '10', '11'].filter((id) => kept.take(id))).toEqual(['10']);
  });

  test('is of every run whether it was begun here, of the last 1,000', () => {
    const kept = createKeptRuns(limits);
    expect(['a', 'b', 'a'].map((nonce) => kept.isFirstStart(nonce))).toEqual([true, true, false]);
    for (let n = 0; n < 998; n += 1) kept.isFirstStart(`${n}`);
    expect(kept.isFirstStart('b')).toBe(false);
    kept.isFirstStart('c');
    expect(kept.isFirstStart('b')).toBe(true);
  });

  test('is not empty, whatever the limit: it would not count', () => {
    const kept = createKeptRuns({ ...limits, keptFromEvents: 0 });
    for (const events of [0, 1]) kept.keep(aJournal(`${events}`, events));
    expect(['0', '1'].filter((id) => kept.take(id))).toEqual(['1']);
  });

  test('has not ended', () => {
    const kept = createKeptRuns(limits);
    kept.keep(aJournal('a', 5, 'settled'));
    expect(kept.take('a')).toBeUndefined();
  });

  test.each([suspended, aJournal])('makes room, the oldest first', (make) => {
    const kept = createKeptRuns(limits);
    for (const id of ['a', 'b', 'a', 'c', 'd']) kept.keep(make(id, 4));
    expect(['a', 'b', 'c', 'd'].filter((id) => kept.take(id))).toEqual(['c', 'd']);
  });

  test('is the program rather than the journal alone, where two were at the run', () => {
    const kept = createKeptRuns(limits);
    const run = suspended('a', 5);
    for (const each of [aJournal('a', 5), run, aJournal('a', 6)]) kept.keep(each);
    expect(kept.take('a')).toBe(run);
  });
});

/** Tells the run a word through this process. */
async function say(world: World, process: Process, run: string, word: string): Promise<void> {
  await world.until(process.drive(await signalMail(world, run, 'word', word)));
}

/** A run that waits for one signal after the other, and how often its function has been called. */
function aListener() {
  const calls = { made: 0 };
  const flow: Definition = workflow({ name: 'listener' }, async (ctx) => {
    calls.made += 1;
    const heard: unknown[] = [];
    for (let number = 0; number < 3; number += 1) heard.push(await ctx.signal('word'));
    return heard;
  });
  return { flow, calls };
}

describe('a run that goes on where it suspended', () => {
  test('is not replayed, and only what is new is read', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const { flow, calls } = aListener();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    for (const word of ['a', 'b', 'c']) {
      await say(world, one, run, word);
    }
    expect((await world.fold(run)).current).toMatchObject({ phase: 'settled', end: { output: '["a","b","c"]' } });
    expect(calls.made).toBe(1);
    const reads = one.calls.filter(({ method }) => method === 'read').map(({ args }) => args[1]);
    expect(reads.filter((after) => !after)).toHaveLength(1);
  });

  test('is fed what another process has written since', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const { flow, calls } = aListener();
    const [one, two] = [world.process('one', [flow]), world.process('two', [flow])];
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    for (const [process, word] of [
      [two, 'a'],
      [one, 'b'],
      [one, 'c'],
    ] as const) {
      await say(world, process, run, word);
    }
    expect((await world.fold(run)).current).toMatchObject({ phase: 'settled', end: { output: '["a","b","c"]' } });
    // Once by each process.
    expect(calls.made).toBe(2);
  });

  test('is replayed where another definition has taken the place of its own', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const [{ flow }, { flow: anew, calls }] = [aListener(), aListener()];
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    one.deploy(anew);
    await say(world, one, run, 'a');
    expect(calls.made).toBe(1);
  });

  test('is another one under the same id: nothing of the first is used', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const { flow, calls } = aListener();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    const head = await world.head(run);
    await world.store.deleteRun(run, head.birth.nonce);
    await world.store.create({ ...head, position: 0, birth: { ...head.birth, nonce: 'another' } });
    await one.drive({ kind: 'start', run, nonce: 'another' });
    expect(calls.made).toBe(2);
    expect(await world.lines(run)).toEqual([expect.stringContaining('run_suspended')]);
  });
});

test('a run stays where it is over a message for another that had its id before', async () => {
  const world = createWorld({ limits: { keptFromEvents: 0 } });
  const { flow } = aListener();
  const one = world.process('one', [flow]);
  const run = await startIn(one, flow);
  await world.deliverAll(one);
  expect(await one.drive({ kind: 'wake', run, nonce: 'of the one before' })).toBe('left');
  const known = one.ports.kept?.take(run);
  expect(known?.suspended).toBeDefined();
  expect(known?.journal).toEqual(await world.fold(run));
});

describe('a run that a turn has lost to another', () => {
  /** The turn of one has fed a word that it cannot write, since two comes first with another. */
  async function aLoss(limits: Partial<typeof defaultLimits> = {}, appends = 1) {
    const world = createWorld({ limits: { keptFromEvents: 0, ...limits } });
    const { flow, calls } = aListener();
    const [one, two] = [world.process('one', [flow]), world.process('two', [flow])];
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    let left = appends;
    one.trouble(({ method }) => {
      if (method === 'append') left -= 1;
      return method === 'append' && left === 0 ? { do: 'stall', when: 'before' } : undefined;
    });
    const mail = await signalMail(world, run, 'word', 'a');
    const losing = one.drive(mail);
    await world.advance(limits.leaseMs ?? defaultLimits.leaseMs);
    await world.until(two.drive(await signalMail(world, run, 'word', 'b')));
    one.thaw();
    expect(await world.until(losing)).toBe('lost');
    one.calls.length = 0;
    return { world, run, one, two, flow, calls };
  }

  test('is read from where it was known, and its program made anew is fed the same', async () => {
    const { world, run, one, calls } = await aLoss();
    const known = await world.fold(run);
    await say(world, one, run, 'c');
    const positions = one.calls.filter(({ method }) => method === 'read').map(({ args }) => args[1]);
    expect(positions[0]).toBe(1);
    expect(positions).not.toContain(undefined);
    // By one, by two, and by one again.
    expect(calls.made).toBe(3);
    const { events, current } = await world.fold(run);
    expect(events.slice(0, known.events.length)).toEqual(known.events);
    expect(current).toMatchObject({ phase: 'settled', end: { output: '["a","b","c"]' } });
  });

  test.each([
    ['nothing of its turn', 1, 1],
    ['what of its turn was written before', 2, 2],
  ])('is known with %s', async (_title, append, position) => {
    const { world, run, one } = await aLoss({ chunkEvents: 1 }, append);
    const { head, chunks } = await world.record(run);
    expect(chunks.length).toBeGreaterThan(position);
    const known = one.ports.kept?.take(run);
    expect(known?.journal).toEqual(foldJournal(head.birth, chunks.slice(0, position)));
    expect(known?.suspended).toBeUndefined();
  });

  test('is read whole where another has come under its id', async () => {
    const { world, run, one, calls } = await aLoss();
    const head = await world.head(run);
    await world.store.deleteRun(run, head.birth.nonce);
    await world.store.create({ ...head, position: 0, birth: { ...head.birth, nonce: 'another' } });
    await one.drive({ kind: 'start', run, nonce: 'another' });
    expect(calls.made).toBe(3);
    expect(await world.lines(run)).toEqual([expect.stringContaining('run_suspended')]);
  });

  test('is read from where it was known by one who left it to the other, too', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const { flow } = aListener();
    const [one, two] = [world.process('one', [flow]), world.process('two', [flow])];
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    expect(await two.drive({ kind: 'wake', run })).toBe('left');
    await say(world, two, run, 'a');
    expect(two.calls.filter(({ method }) => method === 'read').map(({ args }) => args[1])).toEqual([undefined, 1, 2]);
  });

  test('is read whole by a second turn of the process: what the first one knows is its own', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0 } });
    const { flow } = aListener();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    const gate = hold();
    const mail = [await signalMail(world, run, 'word', 'a'), await signalMail(world, run, 'word', 'b')] as const;
    one.trouble(({ method, nth }) =>
      method === 'append' && nth === 2 ? { do: 'wait', for: gate.promise } : undefined,
    );
    const first = one.drive(mail[0]);
    await world.settle();
    one.calls.length = 0;
    expect(await world.until(one.drive(mail[1]))).toBe('suspended');
    expect(one.calls.find(({ method }) => method === 'read')?.args[1]).toBeUndefined();
    gate.release();
    expect(await world.until(first)).toBe('lost');
    await say(world, one, run, 'c');
    expect((await world.fold(run)).current).toMatchObject({ phase: 'settled', end: { output: '["a","b","c"]' } });
  });

  test('is read whole by a process whose turn broke off', async () => {
    const world = createWorld({ limits: { keptFromEvents: 0, storeRetries: 0 } });
    const { flow } = aListener();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.deliverAll(one);
    one.trouble(({ method }) => (method === 'append' ? { do: 'timeOut' } : undefined));
    await expect(say(world, one, run, 'a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(one.ports.kept?.take(run)).toBeUndefined();
  });
});
