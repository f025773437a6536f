import { describe, expect, test } from 'vitest';
import { deliver, recipientOf } from '../../lib/kernel/deliver.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { type Call, createWorld, type Process, signalMail, startIn, type World } from './harness.ts';

const day = 86_400_000;
const leaseMs = 30_000;

const waiting = workflow({ name: 'waiting' }, async (ctx) => {
  await ctx.signal('go');
  await ctx.step('a', () => 1);
  await ctx.signal('end');
});

async function suspendedRun(world: World, process: Process): Promise<string> {
  const run = await startIn(process, waiting);
  await world.until(process.drive(world.take('start')));
  world.messages.length = 0;
  return run;
}

/** The process's writes, in their order: 'append', or 'head' with the new wakeAt from now. */
function writes(calls: readonly Call[], from = 0): string[] {
  return calls
    .slice(from)
    .filter(({ method }) => ['append', 'updateHead', 'create', 'putMail', 'send'].includes(method))
    .map(({ method }) => method);
}

async function wakeAt(world: World, run: string): Promise<number> {
  const { state } = await world.head(run);
  if (!('wakeAt' in state)) throw new Error(`The run is ${state.status}`);
  return state.wakeAt;
}

describe('wakeAt is never late', () => {
  test('K15: a suspend is followed by the head update', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'kill', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.settle();
    expect(await world.lines(run)).toEqual(['1 run_suspended']);
    // What has not been put off yet is found at the grace's end.
    expect(await wakeAt(world, run)).toBe(world.clock.now() + leaseMs);
  });

  test('K15: the claim of a far-waiting run is preceded by lowering its wakeAt to the lease end', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const run = await suspendedRun(world, one);
    expect(await wakeAt(world, run)).toBe(world.clock.now() + 7 * day);
    const from = one.calls.length;
    one.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'after' } : undefined));
    void one.drive(await signalMail(world, run, 'go'));
    await world.settle();
    expect(writes(one.calls, from)).toEqual(['putMail', 'updateHead', 'append']);
    expect(await wakeAt(world, run)).toBe(world.clock.now() + leaseMs);
  });

  test('K16: a claim on a run whose suspend has not reached its head lowers it, so that the late raise is void', async () => {
    const world = createWorld();
    const [one, other] = [world.process('one', [waiting]), world.process('other', [waiting])];
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.settle();
    other.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'after' } : undefined));
    void other.drive(await signalMail(world, run, 'go'));
    await world.settle();
    one.thaw();
    await world.settle();
    expect(await wakeAt(world, run)).toBe(world.clock.now() + leaseMs);
  });

  test('K15: a fresh run and a timer wake lower nothing', async () => {
    const world = createWorld();
    const timed = workflow({ name: 'timed' }, async (ctx) => {
      await ctx.sleep('1h');
      await ctx.step('a', () => 1);
    });
    const one = world.process('one', [timed]);
    const run = await startIn(one, timed);
    const from = one.calls.length;
    await world.until(one.drive(world.take('start')));
    expect(writes(one.calls, from)).toEqual(['append', 'updateHead']);
    await world.advance(3_600_000);
    const { nonce } = (await world.head(run)).birth;
    const later = one.calls.length;
    await world.until(one.drive({ kind: 'wake', run, nonce }));
    expect(writes(one.calls, later)).toEqual(['append', 'append', 'updateHead']);
    expect((await world.head(run)).state.status).toBe('completed');
  });

  test('K15: a heartbeat is followed by the head update', async () => {
    const world = createWorld();
    const long = workflow({ name: 'long' }, async (ctx) => ctx.step('a', () => world.sleep(50_000)));
    const one = world.process('one', [long]);
    const run = await startIn(one, long);
    const created = world.clock.now();
    void one.drive(world.take('start'));
    await world.advance(16_000);
    const { current } = await world.fold(run);
    expect(current).toMatchObject({ phase: 'claimed', leaseUntil: created + 15_000 + leaseMs });
    expect(await wakeAt(world, run)).toBe(created + 15_000 + leaseMs);
  });

  test('K15: a block without the program, of a far-waiting run, lowers its wakeAt first', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const other = world.process('other', []);
    const run = await suspendedRun(world, one);
    other.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'after' } : undefined));
    void other.drive(await signalMail(world, run, 'go'));
    await world.settle();
    const { current } = await world.fold(run);
    expect(current.phase).toBe('blocked');
    expect(await wakeAt(world, run)).toBeLessThanOrEqual(world.clock.now() + 60_000);
  });

  test('K15: the same where the replay fails', async () => {
    const world = createWorld();
    const changed = workflow({ name: 'waiting' }, async (ctx) => ctx.step('other', () => 1));
    const one = world.process('one', [waiting]);
    const other = world.process('other', [changed]);
    const run = await suspendedRun(world, one);
    other.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'after' } : undefined));
    void other.drive(await signalMail(world, run, 'go'));
    await world.settle();
    expect((await world.fold(run)).current.phase).toBe('blocked');
    expect(await wakeAt(world, run)).toBeLessThanOrEqual(world.clock.now() + 60_000);
  });
});

describe('the fence of the head', () => {
  test('K16: a raise that comes late changes nothing: the head was folded further on', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const two = world.process('two', [waiting]);
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(world.take('start'));
    await world.settle();
    void two.drive(await signalMail(world, run, 'go'));
    await world.settle();
    const raised = await world.head(run);
    expect(raised).toMatchObject({ position: 3, state: { status: 'waiting' } });
    one.thaw();
    await world.until(late);
    expect(await world.head(run)).toEqual(raised);
  });

  test('K16: a lowering by one who read an older journal changes nothing', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const two = world.process('two', [waiting]);
    const run = await suspendedRun(world, one);
    const first = await signalMail(world, run, 'go');
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(first);
    await world.settle();
    await world.until(two.drive(await signalMail(world, run, 'go')));
    const raised = await world.head(run);
    expect(raised.state).toMatchObject({ status: 'waiting', wakeAt: raised.birth.deadline });
    one.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(await world.head(run)).toEqual(raised);
  });

  test('K16: who finds the head lowered in vain appends a new suspend first, then raises', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const two = world.process('two', [waiting]);
    const run = await suspendedRun(world, one);
    const { birth, position } = await world.head(run);
    const lowered = { status: 'running', wakeAt: world.clock.now() + leaseMs } as const;
    await world.store.updateHead(run, { state: lowered, position }, { nonce: birth.nonce, positionAtMost: position });
    await world.advance(leaseMs + 1);
    expect(await sweep(two.ports)).toBe(1);
    expect(await world.until(two.drive(world.take('wake')))).toBe('left');
    expect(await world.lines(run)).toEqual(['1 run_suspended', '2 run_suspended']);
    expect(await wakeAt(world, run)).toBe(birth.deadline);
  });

  test('K16: a head that is behind its journal is repaired by the next wake', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'kill', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.settle();
    const two = world.process('two', [waiting]);
    const { nonce } = (await world.head(run)).birth;
    await world.until(two.drive({ kind: 'wake', run, nonce }));
    expect(await world.head(run)).toMatchObject({ position: 1, state: { status: 'waiting' } });
    expect(await world.lines(run)).toHaveLength(1);
  });
});

describe('creation and the sweeper', () => {
  test('K17: the head comes first with a grace, then the start message', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    one.trouble(({ method }) => (method === 'send' ? { do: 'kill', when: 'before' } : undefined));
    void startIn(one, waiting);
    await world.settle();
    expect(writes(one.calls)).toEqual(['create', 'send']);
    const [due] = (await world.store.listDue(world.clock.now() + leaseMs, { limit: 10 })).items;
    expect(due?.wakeAt).toBe(world.clock.now() + leaseMs);
    const two = world.process('two', [waiting]);
    await world.advance(leaseMs);
    expect(await sweep(two.ports)).toBe(1);
    expect(await world.until(two.drive(world.take('wake')))).toBe('suspended');
  });

  test('a create that was applied without an answer still sends the start message', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    one.trouble(({ method, nth }) => (method === 'create' && nth === 1 ? { do: 'timeOut' } : undefined));
    const run = await world.until(startIn(one, waiting));
    expect(world.take('start').run).toBe(run);
  });

  test('K18: the sweeper moves wakeAt on before it sends, so that overlapping sweeps send once', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const two = world.process('two', [waiting]);
    const run = await startIn(one, waiting);
    world.messages.length = 0;
    await world.advance(leaseMs);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    const late = sweep(one.ports);
    await world.settle();
    expect(await sweep(two.ports)).toBe(1);
    one.thaw();
    expect(await late).toBe(0);
    expect(await sweep(two.ports)).toBe(0);
    expect(world.messages).toHaveLength(1);
    expect(await wakeAt(world, run)).toBe(world.clock.now() + 30_000);
  });

  test('K18: a run whose wakes are all lost is woken twice a minute, not more', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    await startIn(one, waiting);
    world.messages.length = 0;
    let woken = 0;
    for (let second = 0; second < 300; second += 1) {
      await world.advance(1_000);
      woken += await sweep(one.ports);
    }
    expect(woken).toBe(10);
  });

  test('K18: one bad run does not stop the sweep', async () => {
    const world = createWorld();
    const one = world.process('one', [waiting]);
    const bad = await startIn(one, waiting);
    await startIn(one, waiting);
    world.messages.length = 0;
    await world.advance(leaseMs);
    one.trouble(({ method, args }) => (method === 'readHead' && args[0] === bad ? { do: 'refuse' } : undefined));
    expect(await sweep(one.ports)).toBe(1);
    expect(world.troubles).toHaveLength(1);
  });

  test('a queue that forgets: mail makes a far-waiting run due, so that no lost message matters', async () => {
    const world = createWorld({ durableQueue: false });
    const one = world.process('one', [waiting]);
    const run = await suspendedRun(world, one);
    const { birth } = await world.head(run);
    const event = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' } as const;
    await deliver(one.ports, recipientOf(one.ports, birth), event);
    world.messages.length = 0;
    expect(await wakeAt(world, run)).toBe(world.clock.now());
    expect(await sweep(one.ports)).toBe(1);
    expect(await world.until(one.drive(world.take('wake')))).toBe('suspended');
    expect(world.started()).toEqual(['one:a#1']);
  });

  test('a queue that forgets: mail that comes between a suspend and its head update keeps the run due', async () => {
    const world = createWorld({ durableQueue: false });
    const one = world.process('one', [waiting]);
    const api = world.process('api', [waiting]);
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    const turn = one.drive(world.take('start'));
    await world.settle();
    const { birth } = await world.head(run);
    const event = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' } as const;
    await deliver(api.ports, recipientOf(api.ports, birth), event);
    world.messages.length = 0;
    one.thaw();
    await world.until(turn);
    expect(await wakeAt(world, run)).toBe(event.at);
  });
});
