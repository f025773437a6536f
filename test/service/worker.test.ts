import { describe, expect, test } from 'vitest';
import { createMemoryQueue } from '../../lib/adapters/memory/queue.ts';
import type { Definition } from '../../lib/kernel/definition.ts';
import type { OutsideEvent } from '../../lib/kernel/events.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import type { Message, Queue, WakeSource } from '../../lib/ports/queue.ts';
import type { Store } from '../../lib/ports/store.ts';
import { createWorker } from '../../lib/service/worker.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, type Process, startIn, type World } from '../kernel/harness.ts';

interface WorkingOptions {
  concurrency?: number;
  receiveLimit?: number;
  durable?: boolean;
  queue?: Partial<Queue>;
  store?: (store: Store) => Partial<Store>;
}

/** A process with a worker on a queue that delivers. */
function workingProcess(world: World, definitions: Definition[], options: WorkingOptions = {}) {
  const { concurrency = 10, receiveLimit = 5, durable = false } = options;
  const process = world.process('one', definitions);
  const memory = createMemoryQueue({ clock: world.clock, receiveLimit });
  const queue: Queue = { ...memory, durable, ...options.queue };
  const store = { ...process.ports.store, ...options.store?.(process.ports.store) };
  const ports = { ...process.ports, queue, store };
  const worker = createWorker(ports, { concurrency });
  return { process: { ...process, ports }, ports, queue, worker };
}

/** Runs of it go on when the test says so, each by its number. */
function heldWorkflow(count: number) {
  const gates = Array.from({ length: count }, () => hold());
  const held = workflow({ name: 'held' }, async (ctx, number: number) => {
    await ctx.step(`work-${number}`, () => gates[number]?.promise);
  });
  return { held, gates };
}

async function statusOf(world: World, run: string): Promise<string> {
  return (await world.head(run)).state.status;
}

function readsOf(process: Process, run: string): number {
  return process.calls.filter(({ method, args }) => method === 'read' && args[0] === run).length;
}

describe('concurrency', () => {
  test('no more runs are driven at once than that, and each that ends makes room for the next', async () => {
    const world = createWorld();
    const { held, gates } = heldWorkflow(4);
    const { process, worker } = workingProcess(world, [held], { concurrency: 2 });
    worker.start();
    for (const number of [0, 1, 2, 3]) await startIn(process, held, number);
    await world.advance(10);
    expect(world.started()).toEqual(['one:work-0#1', 'one:work-1#1']);

    gates[1]?.release();
    await world.advance(10);
    expect(world.started()).toEqual(['one:work-0#1', 'one:work-1#1', 'one:work-2#1']);

    gates[0]?.release();
    gates[2]?.release();
    await world.advance(10);
    expect(world.started()).toHaveLength(4);
  });

  test.each([
    [7, 7],
    [20, 0],
  ])('of %d runs that are to begin at once, %d do before those that are under way go on', async (count, atOnce) => {
    const world = createWorld();
    const { held, gates } = heldWorkflow(count);
    const others = hold();
    const received: number[] = [];
    const { process, ports, queue, worker } = workingProcess(world, [held], { concurrency: 100 });
    const receive: Queue['receive'] = async (asked) => {
      const deliveries = await queue.receive(asked);
      received.push(deliveries.length);
      return deliveries;
    };
    const clock = { ...ports.clock, macrotask: () => others.promise.then(() => world.clock.macrotask()) };
    Object.assign(ports, { clock, queue: { ...queue, receive } });
    const runs = await Promise.all(gates.map((_, number) => startIn(process, held, number)));
    worker.start();
    await world.advance(10);
    const begun = () => runs.filter((run) => readsOf(process, run) > 0).length;
    expect(begun()).toBe(atOnce);
    others.release();
    await world.advance(10);
    expect(begun()).toBe(count);
    expect(Math.max(...received)).toBeLessThanOrEqual(8);
  });

  test('runs that wait take none of it', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));
    const { process, worker } = workingProcess(world, [waiting], { concurrency: 1 });
    worker.start();
    const runs = [await startIn(process, waiting), await startIn(process, waiting), await startIn(process, waiting)];
    await world.advance(10);
    expect(await Promise.all(runs.map((run) => statusOf(world, run)))).toEqual(['waiting', 'waiting', 'waiting']);
  });
});

describe('a run that is being driven', () => {
  test('is looked at once more for all the messages that came meanwhile', async () => {
    const world = createWorld();
    const { held } = heldWorkflow(1);
    const { process, queue, worker } = workingProcess(world, [held]);
    const run = await startIn(process, held, 0);
    const [start] = await queue.receive({ max: 1, waitMs: 0 });
    await queue.ack(start?.receipt ?? '');
    process.trouble(({ method, nth }) => (method === 'read' && nth === 1 ? { do: 'delay', ms: 100 } : undefined));
    worker.start();
    // A fresh run is left alone by wakes, so that only the looks count.
    for (let i = 0; i < 6; i += 1) {
      await queue.send({ kind: 'wake', run });
      await world.advance(1);
    }
    expect(worker.isDriving(run)).toBe(true);
    await world.advance(1_000);
    expect(readsOf(process, run)).toBe(2);
    expect(worker.isDriving(run)).toBe(false);
    expect(await queue.receive({ max: 9, waitMs: 0 })).toEqual([]);
  });

  test('is driven again for a message that comes while that of its last turn is being acknowledged', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));
    const acknowledged = hold();
    const { process, ports, queue, worker } = workingProcess(world, [waiting], {
      queue: { ack: () => acknowledged.promise },
    });
    worker.start();
    const run = await startIn(process, waiting);
    await world.advance(10);
    expect(await statusOf(world, run)).toBe('waiting');
    const { birth } = await world.head(run);
    const signal: OutsideEvent = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' };
    await ports.store.putMail(run, birth.nonce, { id: signal.id, event: signal });
    await queue.send(mailMessage(run, birth.nonce, signal));
    await world.advance(10);
    expect(await statusOf(world, run)).toBe('completed');
    acknowledged.release();
    await worker.drain(0);
  });

  test('hears of mail at once, though its step takes long', async () => {
    const world = createWorld();
    const { held } = heldWorkflow(1);
    const { process, ports, queue, worker } = workingProcess(world, [held]);
    worker.start();
    const run = await startIn(process, held, 0);
    await world.advance(2_000);
    const { birth } = await world.head(run);
    const cancel: OutsideEvent = { type: 'run_cancel_requested', id: 'c', at: world.clock.now(), epoch: 0 };
    await ports.store.putMail(run, birth.nonce, { id: cancel.id, event: cancel });
    await queue.send(mailMessage(run, birth.nonce, cancel));
    await world.advance(10);
    expect(await statusOf(world, run)).toBe('cancelled');
  });

  test('is nudged where it is; a run that is not here is not', async () => {
    const world = createWorld();
    const { held } = heldWorkflow(1);
    const { process, ports, worker } = workingProcess(world, [held]);
    worker.start();
    const run = await startIn(process, held, 0);
    expect(worker.nudge('another run')).toBe(false);
    await world.advance(2_000);
    const { birth } = await world.head(run);
    const cancel: OutsideEvent = { type: 'run_cancel_requested', id: 'c', at: world.clock.now(), epoch: 0 };
    await ports.store.putMail(run, birth.nonce, { id: cancel.id, event: cancel });
    expect(worker.nudge(run)).toBe(true);
    await world.advance(10);
    expect(await statusOf(world, run)).toBe('cancelled');
  });

  test('has its mail stored before the message is gone, where only the queue had it', async () => {
    const world = createWorld();
    const { held } = heldWorkflow(1);
    const { process, queue, worker } = workingProcess(world, [held], { durable: true });
    worker.start();
    const run = await startIn(process, held, 0);
    await world.advance(2_000);
    process.trouble(({ method, nth }) => (method === 'putMail' && nth === 1 ? { do: 'refuse' } : undefined));
    const { birth } = await world.head(run);
    const signal: OutsideEvent = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' };
    await queue.send(mailMessage(run, birth.nonce, signal));
    await world.advance(500);
    expect((await world.record(run)).mail).toEqual([]);
    await world.advance(1_000);
    expect((await world.fold(run)).heard).toContain('s');
  });
});

describe('of several messages to a run that is being driven the strongest counts, in whatever order they come', () => {
  const flow = workflow({ name: 'flow' }, async () => 'done');
  type Make = (run: string, nonce: string) => Message;
  const wake =
    (from?: WakeSource): Make =>
    (run) => ({ kind: 'wake', run, ...(from && { from }) });
  const start: Make = (run, nonce) => ({ kind: 'start', run, nonce });
  const mail: Make = (run, nonce) => mailMessage(run, nonce, { type: 'run_signalled', id: 's', at: 1, name: 'go' });

  /** What becomes of the run after messages that came while the worker looked at it for another one. */
  async function statusAfter(blocked: string | undefined, ...messages: Make[]): Promise<string> {
    const world = createWorld();
    const { process, queue, worker } = workingProcess(world, [flow]);
    const run = await startIn(process, flow);
    const [sent] = await queue.receive({ max: 1, waitMs: 0 });
    await queue.ack(sent?.receipt ?? '');
    const { birth } = await world.head(run);
    if (blocked) await blockRun(world, run, blocked);
    process.trouble(({ method, nth }) => (method === 'read' && nth === 1 ? { do: 'delay', ms: 100 } : undefined));
    worker.start();
    for (const make of [wake(), ...messages]) {
      await queue.send(make(run, birth.nonce));
      await world.advance(1);
    }
    await world.advance(1_000);
    return statusOf(world, run);
  }

  async function blockRun(world: World, run: string, code: string): Promise<void> {
    const { birth } = await world.head(run);
    const at = world.clock.now();
    const retryAt = at + 3_600_000;
    const driver = { id: 'earlier.1', leaseUntil: at };
    const event = { type: 'run_blocked', at, code, message: 'It cannot go on', retryAt } as const;
    const chunk = { format: 1, nonce: birth.nonce, position: 1, id: 'b', at, driver, events: [event] };
    await world.store.append(run, chunk);
    const state = { status: 'blocked', wakeAt: retryAt, reason: event.message } as const;
    await world.store.updateHead(run, { state, position: 1 }, { nonce: birth.nonce });
  }

  test.each<[string, string | undefined, Make, Make]>([
    ['a deployment over an opening', 'crashing', wake('deployment'), wake('opening')],
    ['an opening over the sweeper', 'not_deployed', wake('opening'), wake('sweeper')],
    ['the sweeper over mail', undefined, wake('sweeper'), mail],
    ['a start over mail', undefined, start, mail],
    ['mail over a wake', 'not_deployed', mail, wake()],
  ])('%s', async (_title, blocked, strong, weak) => {
    expect(await statusAfter(blocked, strong, weak)).toBe('completed');
    expect(await statusAfter(blocked, weak, strong)).toBe('completed');
    expect(await statusAfter(blocked, weak, weak)).not.toBe('completed');
  });
});

describe('draining', () => {
  const two = workflow({ name: 'two' }, async (ctx, _number: number) => {
    await ctx.step('a', () => new Promise(() => {}));
    await ctx.step('b', () => 1);
  });

  test('waits for steps no longer than the grace, and hands the runs back', async () => {
    const world = createWorld();
    const { process, worker } = workingProcess(world, [two]);
    worker.start();
    const runs = [await startIn(process, two, 0), await startIn(process, two, 1)];
    await world.advance(10);
    let drained = false;
    const drain = worker.drain(5_000).then(() => {
      drained = true;
    });
    await world.advance(4_900);
    expect(drained).toBe(false);
    await world.advance(200);
    await drain;
    for (const run of runs) {
      const { state } = await world.head(run);
      expect('wakeAt' in state && state.wakeAt <= world.clock.now()).toBe(true);
      expect(worker.isDriving(run)).toBe(false);
    }
  });

  test('takes nothing more: what comes stays in the queue, uncounted looks and all', async () => {
    const world = createWorld();
    const { process, queue, worker } = workingProcess(world, [two]);
    worker.start();
    await world.advance(10);
    await worker.drain(0);
    const run = await startIn(process, two, 0);
    await world.advance(100);
    expect(readsOf(process, run)).toBe(0);
    expect(await queue.receive({ max: 9, waitMs: 0 })).toMatchObject([{ message: { kind: 'start', run } }]);
  });

  test('does not look once more at a run for which messages came', async () => {
    const world = createWorld();
    const { held, gates } = heldWorkflow(1);
    const { process, queue, worker } = workingProcess(world, [held]);
    worker.start();
    const run = await startIn(process, held, 0);
    await world.advance(10);
    await queue.send({ kind: 'wake', run });
    await world.advance(10);
    const drain = worker.drain(5_000);
    gates[0]?.release();
    await world.until(drain);
    const reads = readsOf(process, run);
    await world.advance(10_000);
    expect(readsOf(process, run)).toBe(reads);
  });

  test('a run that is only being read is handed back as well, with no step started', async () => {
    const world = createWorld();
    const { process, worker } = workingProcess(world, [two]);
    process.trouble(({ method, nth }) => (method === 'read' && nth === 1 ? { do: 'delay', ms: 100 } : undefined));
    await startIn(process, two, 0);
    // Its first turn does nothing before it is read.
    await world.advance(process.ports.limits.earlyMs);
    worker.start();
    await world.advance(10);
    await world.until(worker.drain(5_000));
    expect(world.started()).toEqual([]);
  });

  test('a worker at its limit of runs ends, too', async () => {
    const world = createWorld();
    const { process, worker } = workingProcess(world, [two], { concurrency: 1 });
    worker.start();
    await startIn(process, two, 0);
    await startIn(process, two, 1);
    await world.advance(10);
    await world.until(worker.drain(1_000));
    await world.advance(10_000);
    expect(world.started()).toEqual(['one:a#1']);
  });
});

describe('a turn that breaks off', () => {
  const flow = workflow({ name: 'flow' }, async (ctx, _number: number) => ctx.step('a', () => 1));

  /** A worker whose store throws what nobody foresaw, for one run. */
  function withBadRun(world: World, bad: () => string, receiveLimit: number) {
    const attempts: number[] = [];
    const working = workingProcess(world, [flow], {
      receiveLimit,
      store: (store) => ({
        async read(id, after) {
          if (id !== bad()) return store.read(id, after);
          attempts.push(world.clock.now());
          throw new Error('A bug');
        },
      }),
    });
    return { ...working, attempts };
  }

  test('is tried again after a delay that doubles up to a minute, and ends as a dead letter', async () => {
    const world = createWorld();
    let bad = '';
    const { process, queue, worker, attempts } = withBadRun(world, () => bad, 10);
    bad = await startIn(process, flow, 0);
    worker.start();
    await world.advance(600_000);
    const delays = attempts.slice(1).map((at, index) => at - (attempts[index] as number));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(await queue.receiveDeadLetters(10)).toMatchObject([{ message: { kind: 'start', run: bad }, receives: 10 }]);
    expect(world.troubles).toHaveLength(10);
    expect(world.troubles[0]).toBe('The turn broke off; the message comes again: Error: A bug');
  });

  test('does not stop other runs', async () => {
    const world = createWorld();
    let bad = '';
    const { process, worker } = withBadRun(world, () => bad, 5);
    bad = await startIn(process, flow, 0);
    const good = await startIn(process, flow, 1);
    worker.start();
    await world.advance(100);
    expect(await statusOf(world, good)).toBe('completed');
    expect(await statusOf(world, bad)).toBe('pending');
  });
});

describe('a queue that is away', () => {
  const flow = workflow({ name: 'flow' }, async (ctx) => ctx.step('a', () => 1));
  const away = () => Promise.reject(new Fault('unavailable', 'The queue is away (test)'));

  test('is asked again: the worker goes on', async () => {
    const world = createWorld();
    let asked = 0;
    const memory = createMemoryQueue({ clock: world.clock });
    const { process, worker } = workingProcess(world, [flow], {
      queue: {
        send: memory.send,
        ack: memory.ack,
        receive(options) {
          asked += 1;
          return asked <= 3 ? away() : memory.receive(options);
        },
      },
    });
    worker.start();
    const run = await startIn(process, flow);
    await world.advance(2_000);
    expect(await statusOf(world, run)).toBe('pending');
    await world.advance(2_000);
    expect(await statusOf(world, run)).toBe('completed');
    expect(world.troubles).toHaveLength(3);
  });

  test('gives a message again by itself, when it can be neither acknowledged nor returned', async () => {
    const world = createWorld();
    const { process, worker } = workingProcess(world, [flow], { queue: { ack: away, retry: away } });
    worker.start();
    const run = await startIn(process, flow);
    await world.advance(1_000);
    expect(await statusOf(world, run)).toBe('completed');
    expect(world.troubles).toHaveLength(2);
    await worker.drain(0);
  });
});
