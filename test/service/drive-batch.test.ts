import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/kernel/faults.ts';
import type { Delivery, Message } from '../../lib/ports/queue.ts';
import { driveBatch } from '../../lib/service/drive-batch.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, signalMail, startIn } from '../kernel/harness.ts';

const collect = workflow({ name: 'collect' }, async (ctx) => {
  const [a, b] = [await ctx.signal('go'), await ctx.signal('go')];
  return [a, b];
});

function deliveriesOf(...messages: Message[]): Delivery[] {
  return messages.map((message, index) => ({ message, receives: 1, receipt: `receipt-${index}` }));
}

describe('a batch of messages', () => {
  test('messages of one run are taken together by one turn', async () => {
    const world = createWorld();
    const one = world.process('one', [collect]);
    const run = await startIn(one, collect);
    const batch = deliveriesOf(
      await signalMail(world, run, 'go', 1),
      world.take('start'),
      await signalMail(world, run, 'go', 2),
    );
    await world.until(Promise.all(driveBatch(one.ports, batch, { until: world.clock.now() + 60_000 })));
    expect(await world.lines(run)).toEqual(['1 run_signalled go', '1 run_signalled go', '1 run_completed']);
    expect(one.calls.filter(({ method }) => method === 'read')).toHaveLength(1);
  });

  test('different runs go on side by side', async () => {
    const world = createWorld();
    const gate = hold();
    let inside = 0;
    const meet = workflow({ name: 'meet' }, (ctx) =>
      ctx.step('wait', () => {
        inside += 1;
        if (inside === 2) gate.release();
        return gate.promise;
      }),
    );
    const one = world.process('one', [meet]);
    await startIn(one, meet);
    await startIn(one, meet);
    const batch = deliveriesOf(world.take('start'), world.take('start'));
    await world.until(Promise.all(driveBatch(one.ports, batch, { until: world.clock.now() + 60_000 })));
    expect(inside).toBe(2);
  });

  test('what cannot be driven comes again after a delay, and the other runs are done', async () => {
    const world = createWorld();
    const quick = workflow({ name: 'quick' }, async () => 1);
    const one = world.process('one', [quick]);
    const bad = await startIn(one, quick);
    const good = await startIn(one, quick);
    const batch = deliveriesOf(world.take('start'), world.take('start'));
    const retried: [string, number][] = [];
    const store = { ...one.ports.store };
    const ports = {
      ...one.ports,
      limits: { ...one.ports.limits, storeRetries: 0 },
      store: {
        ...store,
        read: (id: string, after?: number) =>
          id === bad ? Promise.reject(new Fault('unavailable', 'No answer')) : store.read(id, after),
      },
      queue: {
        ...one.ports.queue,
        retry: async (receipt: string, delayMs: number) => void retried.push([receipt, delayMs]),
      },
    };
    const ends = await world.until(Promise.allSettled(driveBatch(ports, batch, { until: world.clock.now() + 60_000 })));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(retried).toEqual([['receipt-0', 1_000]]);
    expect((await world.head(good)).state.status).toBe('completed');
    expect(world.troubles).toEqual(['The turn broke off; the message comes again: Fault: No answer']);
  });

  test('a duplicate in one batch does not make a second turn', async () => {
    const world = createWorld();
    const quick = workflow({ name: 'quick' }, (ctx) => ctx.step('a', () => 1));
    const one = world.process('one', [quick]);
    await startIn(one, quick);
    const start = world.take('start');
    const batch = deliveriesOf(start, structuredClone(start));
    await world.until(Promise.all(driveBatch(one.ports, batch, { until: world.clock.now() + 60_000 })));
    expect(world.started()).toEqual(['one:a#1']);
  });
});
