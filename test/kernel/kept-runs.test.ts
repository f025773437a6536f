import { describe, expect, test } from 'vitest';
import type { Definition } from '../../lib/kernel/definition.ts';
import type { Journal } from '../../lib/kernel/journal.ts';
import { createKeptRuns, type KeptRun } from '../../lib/kernel/kept-runs.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, type Process, signalMail, startIn, type World } from './harness.ts';

const limits = { ...defaultLimits, keptFromEvents: 2, keptEvents: 10 };

describe('what is kept', () => {
  function aRun(id: string, events: number): KeptRun {
    const journal = { birth: { id }, events: new Array(events) } as unknown as Journal;
    return { journal, fed: events, definition: {} as KeptRun['definition'], program: {} as KeptRun['program'] };
  }

  test('belongs to whoever takes it', () => {
    const kept = createKeptRuns(limits);
    const run = aRun('a', 5);
    kept.keep(run);
    expect(kept.take('b')).toBeUndefined();
    expect(kept.take('a')).toBe(run);
    expect(kept.take('a')).toBeUndefined();
  });

  test('is neither short nor longer than all may be together', () => {
    const kept = createKeptRuns(limits);
    for (const events of [1, 2, 10, 11]) kept.keep(aRun(`${events}`, events));
    expect(['1', '2', '10', '11'].filter((id) => kept.take(id))).toEqual(['10']);
  });

  test('makes room, the oldest first', () => {
    const kept = createKeptRuns(limits);
    for (const id of ['a', 'b', 'a', 'c', 'd']) kept.keep(aRun(id, 4));
    expect(['a', 'b', 'c', 'd'].filter((id) => kept.take(id))).toEqual(['c', 'd']);
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
    expect(reads.filter((after) => after === undefined)).toHaveLength(1);
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
