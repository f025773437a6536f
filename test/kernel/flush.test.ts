import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, signalMail, startIn } from './harness.ts';

describe('flush', () => {
  test('K2: an effect starts only when the events before its request are durable', async () => {
    const world = createWorld();
    const two = workflow({ name: 'two' }, async (ctx) => {
      await ctx.step('a', () => 1);
      await ctx.step('b', () => 2);
    });
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const end = one.drive(world.take('start'));
    await world.advance(100);
    expect(world.started()).toEqual(['one:a#1']);
    one.thaw();
    expect(await world.until(end)).toBe('settled');
    expect(await world.lines(run)).toEqual(['1 task_completed a', '2 task_completed b', '2 run_completed']);
  });

  test('a last step and the end of the run are one write', async () => {
    const world = createWorld();
    const single = workflow({ name: 'single' }, async (ctx) => ctx.step('a', () => 1));
    const one = world.process('one', [single]);
    const run = await startIn(one, single);
    await world.until(one.drive(world.take('start')));
    expect(await world.lines(run)).toEqual(['1 task_completed a', '1 run_completed']);
    expect(one.calls.filter(({ method }) => method === 'append')).toHaveLength(1);
  });

  test("K4: a race's loser is aborted only once the deciding event is durable", async () => {
    const world = createWorld();
    let signal: AbortSignal | undefined;
    const quick = hold();
    const race = workflow({ name: 'race' }, async (ctx) => {
      await ctx.race('first', {
        quick: (branch) => branch.step('quick', () => quick.promise),
        slow: (branch) =>
          branch.step('slow', (attempt) => {
            signal = attempt.signal;
            return new Promise(() => {});
          }),
      });
      await ctx.signal('end');
    });
    const one = world.process('one', [race]);
    await startIn(one, race);
    const end = one.drive(world.take('start'));
    await world.settle();
    one.trouble(({ method }) => (method === 'append' ? { do: 'delay', ms: 500 } : undefined));
    quick.release();
    await world.advance(499);
    expect(signal?.aborted).toBe(false);
    await world.advance(2);
    expect(signal?.aborted).toBe(true);
    expect(await world.until(end)).toBe('suspended');
  });

  test('K4: a child that lost a race is told only once the deciding event is durable', async () => {
    const world = createWorld();
    const quick = hold();
    const childFlow = workflow({ name: 'child' }, async (ctx) => ctx.signal('never'));
    const race = workflow({ name: 'race' }, async (ctx) => {
      await ctx.race('first', {
        quick: (branch) => branch.step('quick', () => quick.promise),
        child: (branch) => branch.child(childFlow, undefined),
      });
      await ctx.signal('end');
    });
    const one = world.process('one', [race, childFlow]);
    await startIn(one, race);
    const end = one.drive(world.take('start'));
    await world.advance(10);
    const told = () => world.messages.filter(({ message }) => message.kind === 'mail');
    one.trouble(({ method, nth }) => (method === 'append' && nth > 1 ? { do: 'delay', ms: 500 } : undefined));
    await world.advance(100);
    quick.release();
    await world.advance(400);
    expect(told()).toHaveLength(0);
    expect(await world.until(end)).toBe('suspended');
    expect(told()).toMatchObject([{ message: { mail: { event: { type: 'run_cancel_requested' } } } }]);
  });
});

describe('own writes', () => {
  const two = workflow({ name: 'two' }, async (ctx) => {
    await ctx.step('a', () => 1);
    await ctx.step('b', () => 2);
    return 'ok';
  });

  test('K5: an append that was applied without an answer counts as written', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    one.trouble(({ method, nth }) => (method === 'append' && nth % 2 === 1 ? { do: 'timeOut' } : undefined));
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'one:b#1']);
    expect(await world.lines(run)).toEqual(['1 task_completed a', '2 task_completed b', '2 run_completed']);
    const bytes = one.calls.filter(({ method }) => method === 'append').map(({ args }) => JSON.stringify(args));
    expect(bytes[1]).toBe(bytes[0]);
    expect(bytes[3]).toBe(bytes[2]);
  });

  test('K5: an append that was refused is repeated with the same bytes', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    one.trouble(({ method, nth }) => (method === 'append' && nth < 4 ? { do: 'refuse' } : undefined));
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(await world.lines(run)).toHaveLength(3);
  });

  test('a store that stays away ends the turn, and the message comes again', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    const start = world.take('start');
    one.trouble(({ method }) => (method === 'append' ? { do: 'refuse' } : undefined));
    await expect(world.until(one.drive(start))).rejects.toMatchObject({ code: 'unavailable' });
    one.trouble(undefined);
    expect(await world.until(one.drive(start, { receives: 2 }))).toBe('settled');
    expect((await world.lines(run)).slice(0, 2)).toEqual(['1 takeover', '2 task_started a']);
  });
});

describe('chunks', () => {
  test('K6: a tail of more events than a chunk holds goes out as several, the end only in the last', async () => {
    const world = createWorld({ limits: { chunkEvents: 4 } });
    const wide = workflow({ name: 'wide' }, async (ctx) => {
      await ctx.map('items', [1, 2, 3, 4, 5, 6, 7, 8, 9], (item, branch) => branch.step('s', () => item));
    });
    const one = world.process('one', [wide]);
    const run = await startIn(one, wide);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    const { chunks } = await world.record(run);
    expect(chunks.map(({ position, events }) => [position, events.length])).toEqual([
      [1, 4],
      [2, 4],
      [3, 2],
    ]);
    expect(chunks.at(-1)?.events.at(-1)?.type).toBe('run_completed');
  });

  test('K6: a chunk stays within its bytes', async () => {
    const world = createWorld({ limits: { chunkBytes: 20_000 } });
    const wide = workflow({ name: 'wide' }, async (ctx) => {
      await ctx.map('items', [1, 2, 3, 4, 5, 6], (_item, branch) => branch.step('s', () => 'x'.repeat(3_000)));
    });
    const one = world.process('one', [wide]);
    const run = await startIn(one, wide);
    await world.until(one.drive(world.take('start')));
    const { chunks } = await world.record(run);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(JSON.stringify(chunk).length).toBeLessThan(20_000);
  });

  test('K6: heartbeats, marks and outcomes ride in one next chunk', async () => {
    const world = createWorld();
    const wide = workflow({ name: 'wide' }, async (ctx) => {
      await ctx.map('items', [1, 2, 3], (_item, branch) => branch.step('s', () => world.sleep(3_000)));
      await ctx.signal('end');
    });
    const one = world.process('one', [wide]);
    const run = await startIn(one, wide);
    await world.until(one.drive(world.take('start')));
    expect((await world.lines(run)).filter((line) => line.includes('task_started'))).toEqual([
      '1 task_started items/0/s',
      '1 task_started items/1/s',
      '1 task_started items/2/s',
    ]);
  });

  test('the signal that wakes a run and what follows from it are durable before the next effect', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.signal('go');
      await ctx.step('a', () => 1);
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    void one.drive(await signalMail(world, run, 'go'));
    await world.advance(100);
    expect(world.started()).toEqual([]);
    one.thaw();
    await world.advance(100);
    expect(world.started()).toEqual(['one:a#1']);
  });
});
