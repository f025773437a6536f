import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { appendForeign, createWorld, hold, mailMessage, type Process, startIn, type World } from './harness.ts';

const signal = (world: World, id: string, name = 'x') =>
  ({ type: 'run_signalled', id, at: world.clock.now(), name }) as const;

/** Puts an event from outside right before the process's next append. */
function overtakeNextAppend(world: World, process: Process, run: string): void {
  process.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
  void world.advance(0).then(() => appendForeign(world, run, signal(world, 'overtakes')));
}

describe('a turn that loses a position to an event from outside', () => {
  test('K8, K11: claims the run, and says that it took it over, before it starts anything', async () => {
    const flow = workflow({ name: 'flow' }, (ctx) => ctx.step('long', () => new Promise<number>(() => {})));
    const world = createWorld();
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    void one.drive(world.take('start'));
    await world.advance(2_000);
    one.kill();
    await world.advance(60_000);
    overtakeNextAppend(world, two, run);
    void two.drive({ kind: 'wake', run });
    await world.advance(10);
    expect(world.started()).toEqual(['one:long#1']);
    two.thaw();
    await world.advance(10);
    expect((await world.lines(run)).slice(1)).toEqual(['2 run_signalled x', '3 takeover', '4 task_started long alone']);
    expect(world.started()).toEqual(['one:long#1', 'two:long#1']);
  });

  test.each(['each', 'relaxed', 'none'] as const)(
    'K27: does not run an at-most-once step again with durability %s',
    async (durability) => {
      const gate = hold<string>();
      const flow = workflow({ name: 'flow', durability }, (ctx) =>
        ctx.step('pay', () => gate.promise, { atMostOnce: true }),
      );
      const world = createWorld();
      const one = world.process('one', [flow]);
      const run = await startIn(one, flow);
      const end = one.drive(world.take('start'));
      await world.advance(100);
      await appendForeign(world, run, signal(world, 'overtakes'));
      gate.release('paid');
      expect(await world.until(end)).toBe('settled');
      expect(world.started()).toEqual(['one:pay#1']);
      expect((await world.fold(run)).current).toMatchObject({ end: { output: '"paid"' } });
    },
  );
});

test('K3: an outcome that comes while the program is made anew is not lost', async () => {
  const gates = [hold<number>(), hold<number>()];
  const flow = workflow({ name: 'flow' }, (ctx) =>
    ctx.map('all', gates, (gate, c) => c.step('wait', () => gate.promise)),
  );
  const world = createWorld();
  const one = world.process('one', [flow]);
  const run = await startIn(one, flow);
  const end = one.drive(world.take('start'));
  await world.advance(2_000);
  await appendForeign(world, run, signal(world, 'overtakes'));
  one.trouble(({ method }) => (method === 'read' ? { do: 'delay', ms: 1_000 } : undefined));
  gates[0]?.release(1);
  await world.advance(500);
  gates[1]?.release(2);
  expect(await world.until(end)).toBe('settled');
  expect(world.started()).toEqual(['one:all/0/wait#1', 'one:all/1/wait#1']);
});

test('blobs that do not answer once cost a driver nothing', async () => {
  const flow = workflow({ name: 'flow' }, (ctx, input: { text: string }) => ctx.step('size', () => input.text));
  const world = createWorld({ limits: { inlineBytes: 24 } });
  const one = world.process('one', [flow]);
  const run = await startIn(one, flow, { text: 'x'.repeat(100) });
  const refused = new Set<string>();
  one.trouble(({ method }) => {
    if ((method !== 'get' && method !== 'put') || refused.has(method)) return undefined;
    refused.add(method);
    return { do: 'refuse' };
  });
  expect(await world.until(one.drive(world.take('start')))).toBe('settled');
  expect([...refused]).toEqual(['get', 'put']);
  expect((await world.lines(run)).at(-1)).toContain('run_completed');
});

test('K24: a timer that was due before a child ended comes first, also where the parent has to look', async () => {
  const child = workflow({ name: 'child' }, (ctx) => ctx.sleep(20_000));
  const flow = workflow({ name: 'flow' }, async (ctx) => {
    const { winner } = await ctx.race('first', { child: (c) => c.child(child), timer: (c) => c.sleep(10_000) });
    return winner;
  });
  const world = createWorld();
  const one = world.process('one', [flow, child]);
  const run = await startIn(one, flow);
  await world.until(one.drive(world.take('start')));
  await world.until(one.drive(world.take('start')));
  const wakes = world.messages.splice(0).map(({ message }) => message);
  await world.advance(30_000);
  await world.until(one.drive(wakes.find((message) => message.run !== run) ?? { kind: 'wake', run: '' }));
  world.messages.splice(0);
  await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }));
  expect((await world.fold(run)).current).toMatchObject({ end: { output: '"timer"' } });
});

test('K25: a blocked run is looked at when its grace ends, however often it was blocked', async () => {
  const flow = workflow({ name: 'flow', timeout: '2m' }, (ctx) => ctx.signal('go'));
  const world = createWorld();
  const one = world.process('one', [flow]);
  const run = await startIn(one, flow);
  await world.until(one.drive(world.take('start')));
  one.deploy();
  const { nonce, deadline } = (await world.head(run)).birth;
  for (const id of ['a', 'b', 'c']) await world.until(one.drive(mailMessage(run, nonce, signal(world, id))));
  expect((await world.head(run)).state).toMatchObject({ status: 'blocked', wakeAt: deadline + 60_000 });
});

test('K12: a suspect that is tried again is not forgotten while others wait for it to run alone', async () => {
  const flow = workflow({ name: 'flow', durability: 'none' }, async (ctx) => {
    const slow = (attempt: number) => world.sleep(2_000).then(() => (attempt === 1 ? Promise.reject(Error('no')) : 1));
    const retry = { attempts: 3, initial: 300, jitter: 0 };
    await ctx.all('both', {
      a: (c) => c.step('a', ({ attempt }) => slow(attempt), { retry }),
      b: async (c) => {
        await c.sleep(5_000);
        await c.step('b', () => 1);
      },
    });
  });
  const world = createWorld();
  const one = world.process('one', [flow]);
  const two = world.process('two', [flow]);
  const run = await startIn(one, flow);
  void one.drive(world.take('start'));
  await world.advance(1_500);
  one.kill();
  await world.advance(60_000);
  const end = two.drive({ kind: 'wake', run });
  await world.advance(10_000);
  expect((await world.fold(run)).current.phase).toBe('settled');
  expect(await end).toBe('settled');
});
