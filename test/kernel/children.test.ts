import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { Chunk } from '../../lib/kernel/events.ts';
import type { Head } from '../../lib/kernel/head.ts';
import { childId, seedOf } from '../../lib/kernel/program.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, signalMail, startIn, type World } from './harness.ts';

const minute = 60_000;
const inner = workflow({ name: 'inner' }, async (ctx) => {
  const told = await ctx.signal<string>('go');
  return ctx.step('work', () => told);
});
const outer = workflow({ name: 'outer' }, async (ctx) => ctx.child(inner, undefined));
const innerKey = 'child:inner';

async function childOf(world: World, run: string): Promise<string> {
  return childId(world.ids, seedOf(world.ids, (await world.head(run)).birth), innerKey);
}

async function cancelMail(world: World, run: string) {
  const { nonce } = (await world.head(run)).birth;
  return mailMessage(run, nonce, { type: 'run_cancel_requested', id: 'c', at: world.clock.now(), epoch: 0 });
}

describe('settling', () => {
  test('K22: append, then tell the parent, then the children, then close the head', async () => {
    const world = createWorld();
    const middle = workflow({ name: 'middle' }, async (ctx) => {
      void ctx.child(inner, undefined);
      await ctx.signal('end');
      return 'done';
    });
    const top = workflow({ name: 'top' }, async (ctx) => ctx.child(middle, undefined));
    const one = world.process('one', [inner, middle, top]);
    await startIn(one, top);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const mid = (await world.store.list({ workflow: 'middle' }, { limit: 1 })).items[0]?.birth.id as string;
    const from = one.calls.length;
    await world.until(one.drive(await signalMail(world, mid, 'end')));
    const done = one.calls.slice(from).map(({ method, args }) => (method === 'send' ? messageOf(args[0]) : method));
    expect(done.filter((what) => what !== 'read' && what !== 'readHead')).toEqual([
      'putMail',
      'updateHead',
      'append',
      'child_settled',
      'run_cancel_requested',
      'updateHead',
    ]);
    expect((await world.head(mid)).state.status).toBe('completed');
  });

  function messageOf(message: unknown): string {
    return (message as { mail?: { event: { type: string } } }).mail?.event.type ?? 'wake';
  }

  test.each(['send', 'updateHead'])(
    'K22: a settled journal under an open head, after a death before %s, is told again',
    async (method) => {
      const world = createWorld();
      const one = world.process('one', [inner, outer]);
      const run = await startIn(one, outer);
      await world.deliverAll(one, { maxWaitMs: 1_000 });
      const child = await childOf(world, run);
      let settling = false;
      one.trouble((call) => {
        if (call.method === 'append' && call.args[0] === child) settling = true;
        const isNext = settling && call.method === method;
        return isNext ? { do: 'kill', when: 'before' } : undefined;
      });
      const go = await signalMail(world, child, 'go', 'x');
      const two = world.process('two', [inner, outer]);
      void one.drive(go);
      await world.advance(100);
      if (method === 'updateHead') world.messages.length = 0;
      expect((await world.head(child)).state.status).not.toBe('completed');
      await world.advance(31_000);
      await world.until(two.drive({ kind: 'wake', run: child, from: 'sweeper' }));
      await world.deliverAll(two, { maxWaitMs: 1_000 });
      expect((await world.head(child)).state.status).toBe('completed');
      expect((await world.head(run)).state.status).toBe('completed');
    },
  );
});

describe('children', () => {
  test('K23: a child has an id that follows from its parent and key, and is created once', async () => {
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const two = world.process('two', [inner, outer]);
    const run = await startIn(one, outer);
    const start = world.take('start');
    // Two drivers believe in their first delivery.
    await world.until(Promise.all([one.drive(start), two.drive(start)]));
    expect(world.messages.filter(({ message }) => message.kind === 'start')).toHaveLength(1);
    expect(world.messages[0]?.message.run).toBe(await childOf(world, run));
    expect((await world.store.list({ workflow: 'inner' }, { limit: 10 })).items).toHaveLength(1);
  });

  test('K23: a started child is recorded, and no later turn starts it again', async () => {
    const world = createWorld();
    const both = workflow({ name: 'outer' }, async (ctx) => {
      const child = ctx.child(inner, undefined);
      for (let i = 0; i < 3; i += 1) await ctx.signal('tick');
      return child;
    });
    const one = world.process('one', [inner, both]);
    const run = await startIn(one, both);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    for (let i = 0; i < 3; i += 1) await world.until(one.drive(await signalMail(world, run, 'tick')));
    expect((await world.lines(run)).filter((line) => line.includes('task_started'))).toHaveLength(1);
    expect(one.calls.filter(({ method }) => method === 'create')).toHaveLength(2);
    await world.until(one.drive(await signalMail(world, await childOf(world, run), 'go', 'x')));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"x"' } });
  });

  test("K23: a child's failure is the parent's error to catch", async () => {
    const world = createWorld();
    const failing = workflow({ name: 'inner' }, async () => {
      throw new RangeError('too far');
    });
    const parent = workflow({ name: 'outer' }, async (ctx) => {
      return ctx.child('inner').catch((error: Error) => `${error.name}: ${error.message}`);
    });
    const one = world.process('one', [failing, parent]);
    const run = await startIn(one, parent);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"RangeError: too far"' } });
  });

  test('K23: a waiting parent looks at its children itself, at 5 minutes and at doubling distances up to an hour', async () => {
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const run = await startIn(one, outer);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const looks: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const { state } = await world.head(run);
      if (!('wakeAt' in state)) throw new Error('not open');
      looks.push(Math.round((state.wakeAt - world.clock.now()) / minute));
      await world.advance(state.wakeAt - world.clock.now());
      await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }));
    }
    expect(looks).toEqual([5, 5, 10, 20, 40, 60, 60]);
  });

  test('K23: a parent whose notice was lost finds its child settled', async () => {
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const run = await startIn(one, outer);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    await world.until(one.drive(await signalMail(world, await childOf(world, run), 'go', 'x')));
    expect(world.take('mail').run).toBe(run);
    await world.advance(5 * minute);
    expect(await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"x"' } });
  });

  test('K23: cancelling the parent cancels the child', async () => {
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const run = await startIn(one, outer);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    await world.until(one.drive(await cancelMail(world, run)));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    expect((await world.head(run)).state.status).toBe('cancelled');
    expect((await world.head(await childOf(world, run))).state.status).toBe('cancelled');
  });

  test.each([
    ['', true],
    [', also if its workflow is not deployed just then', false],
  ])('K23: a child that was cancelled before it existed never starts%s', async (_, isDeployed) => {
    const world = createWorld();
    const quick = workflow({ name: 'outer' }, async (ctx) => {
      void ctx.child(inner, undefined);
      await ctx.step('beside', () => 1);
      return 'done';
    });
    const one = world.process('one', [inner, quick]);
    const run = await startIn(one, quick);
    const child = await childOf(world, run);
    // The head of the child is on its way while the parent settles.
    one.trouble(({ method, args }) => {
      if (method !== 'create' || (args[0] as Head).birth.id !== child) return undefined;
      one.trouble(undefined);
      if (!isDeployed) vi.spyOn(one.ports.definitions, 'find').mockReturnValue(undefined);
      return { do: 'delay', ms: 5_000 };
    });
    const start = world.take('start');
    const end = one.drive(start);
    await world.advance(10_000);
    expect(await end).toBe('settled');
    vi.restoreAllMocks();
    await world.deliverAll(one, { maxWaitMs: 60_000 });
    expect(await world.head(child)).toMatchObject({
      birth: { workflow: 'inner', origin: `run ${run}` },
      state: { status: 'cancelled' },
    });
    expect(world.started()).toEqual(['one:beside#1']);
  });

  test('K23: a cancel follows a child that has gone on as another run', async () => {
    const world = createWorld();
    const gate = hold();
    const looping = workflow({ name: 'inner' }, async (ctx, round: number) => {
      if (round === 0) ctx.continueAs(1);
      await ctx.signal('never');
    });
    const parent = workflow({ name: 'outer' }, async (ctx) => ctx.child(looping, 0));
    const one = world.process('one', [looping, parent]);
    const run = await startIn(one, parent);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    await world.until(one.drive(await cancelMail(world, run)));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { items } = await world.store.list({ workflow: 'inner' }, { limit: 10 });
    expect(items.map(({ state }) => state.status).sort()).toEqual(['cancelled', 'completed']);
    gate.release();
  });

  test('K22: a run goes on as another also if its workflow is not deployed just then; its input is parsed once', async () => {
    const world = createWorld();
    const looping = workflow(
      { name: 'looping', timeout: '2h', input: z.number().transform((round) => round + 10) },
      async (ctx, round) => {
        await ctx.step(`at ${round}`, () => round);
        if (round < 20) return ctx.continueAs(round);
        return round;
      },
    );
    const one = world.process('one', [looping]);
    const run = await startIn(one, looping, 1);
    one.trouble(({ method, args: [, chunk] }) => {
      if (method === 'append' && (chunk as Chunk).events.at(-1)?.type === 'run_completed') one.deploy();
      return undefined;
    });
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.head(run)).state.status).toBe('completed');
    const next = world.take('start');
    expect(await world.until(one.drive(next))).toBe('blocked');
    expect((await world.head(next.run)).birth).toMatchObject({
      deadline: 2 * 60 * minute + (await world.head(next.run)).birth.createdAt,
    });
    one.trouble(undefined);
    one.deploy(looping);
    await world.advance(15 * minute);
    expect(await world.until(one.drive({ kind: 'wake', run: next.run, from: 'sweeper' }))).toBe('settled');
    expect(world.started()).toEqual(['one:at 11#1', 'one:at 21#1']);
  });

  test("K23: a child's deadline is never after its parent's, unless detached; nor is its successor's", async () => {
    const world = createWorld();
    const long = workflow({ name: 'inner', timeout: '30d' }, async (ctx, round: number) => {
      if (round === 0) ctx.continueAs(1);
      await ctx.signal('never');
    });
    const parent = workflow({ name: 'outer', timeout: '1h' }, async (ctx) => {
      await ctx.startDetached('inner', 1, { name: 'free' });
      await ctx.child(long, 0);
    });
    const one = world.process('one', [long, parent]);
    const run = await startIn(one, parent);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { birth } = await world.head(run);
    const { items } = await world.store.list({ workflow: 'inner' }, { limit: 10 });
    const beyond = items.filter((head) => head.birth.deadline > birth.deadline);
    expect(items).toHaveLength(3);
    expect(beyond).toHaveLength(1);
    expect(beyond[0]?.birth.parent).toBeUndefined();
  });

  test('a child in a newer format does not keep its parent from going on', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'outer' }, async (ctx) => {
      const child = ctx.child(inner, undefined);
      await ctx.sleep('10m');
      await ctx.step('beside', () => 1);
      return child;
    });
    const one = world.process('one', [inner, waiting]);
    const run = await startIn(one, waiting);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const child = await childOf(world, run);
    const { nonce } = (await world.head(child)).birth;
    await world.store.append(child, { format: 2, nonce, position: 2, id: 'new', at: world.clock.now(), events: [] });
    await world.advance(10 * minute);
    expect(await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('suspended');
    expect(world.started()).toEqual(['one:beside#1']);
  });

  test('a store that is away for a moment does not fail a child', async () => {
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const run = await startIn(one, outer);
    one.trouble(({ method, nth }) =>
      method === 'create' && nth < 4 ? { do: nth === 2 ? 'timeOut' : 'refuse' } : undefined,
    );
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    await world.until(one.drive(await signalMail(world, await childOf(world, run), 'go', 'x')));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"x"' } });
  });
});
