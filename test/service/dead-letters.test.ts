import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/kernel/faults.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import type { Delivery, Message } from '../../lib/ports/queue.ts';
import { settleDeadLetters } from '../../lib/service/dead-letters.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, signalMail, startIn } from '../kernel/harness.ts';

const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));

async function suspended() {
  const world = createWorld();
  const one = world.process('one', [waiting]);
  const run = await startIn(one, waiting);
  expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
  return { world, one, run };
}

/** Ports whose queue has these dead letters. */
function withDead(ports: Ports, ...messages: Message[]): { ports: Ports; dead: Map<string, Delivery> } {
  const dead = new Map(
    messages.map((message, index) => [`dead-${index}`, { message, receives: 5, receipt: `dead-${index}` }]),
  );
  const hidden = new Set<string>();
  const queue = {
    ...ports.queue,
    async receiveDeadLetters(max: number) {
      const letters = [...dead.values()].filter(({ receipt }) => !hidden.has(receipt)).slice(0, max);
      for (const { receipt } of letters) hidden.add(receipt);
      return letters;
    },
    dropDeadLetter: async (receipt: string) => void dead.delete(receipt),
  };
  return { ports: { ...ports, queue }, dead };
}

describe('dead letters', () => {
  test('a fact is stored with its run, which takes it at the next sweep', async () => {
    const { world, one, run } = await suspended();
    const { ports, dead } = withDead(one.ports, await signalMail(world, run, 'go', 7));
    expect(await settleDeadLetters(ports, { until: world.clock.now() + 1 })).toEqual({ stored: 1, dropped: 0 });
    expect(dead.size).toBe(0);
    expect(await sweep(one.ports)).toBe(1);
    expect(await world.until(one.drive(world.take('wake')))).toBe('settled');
  });

  test('one for a run that has ended by going on as another is told to that one', async () => {
    const world = createWorld();
    const chain = workflow({ name: 'chain' }, async (ctx, { first }: { first: boolean }) =>
      first ? ctx.continueAs({ first: false }) : ctx.signal<number>('go'),
    );
    const one = world.process('one', [chain]);
    const run = await startIn(one, chain, { first: true });
    const late = await signalMail(world, run, 'go', 7);
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { ports } = withDead(one.ports, late);
    expect(await settleDeadLetters(ports, { until: world.clock.now() + 1 })).toEqual({ stored: 1, dropped: 0 });
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { items } = await world.store.list({}, { limit: 10 });
    expect(items.map(({ state }) => state.status)).toEqual(['completed', 'completed']);
  });

  test('wakes and start messages are counted and dropped, however many', async () => {
    const { world, one, run } = await suspended();
    const wakes = Array.from({ length: 25 }, (): Message => ({ kind: 'wake', run }));
    const { ports, dead } = withDead(one.ports, ...wakes);
    expect(await settleDeadLetters(ports, { until: world.clock.now() + 1 })).toEqual({ stored: 0, dropped: 25 });
    expect(dead.size).toBe(0);
  });

  test('a fact that cannot be stored stays a dead letter, and the others are settled', async () => {
    const { world, one, run } = await suspended();
    const fact = await signalMail(world, run, 'go');
    const { ports, dead } = withDead(one.ports, fact, { kind: 'wake', run });
    const store = {
      ...one.ports.store,
      putMail: async () => {
        throw new Fault('unavailable', 'No answer');
      },
    };
    expect(await settleDeadLetters({ ...ports, store }, { until: world.clock.now() + 1 })).toEqual({
      stored: 0,
      dropped: 1,
    });
    expect([...dead.values()].map(({ message }) => message)).toEqual([fact]);
    expect(world.troubles).toHaveLength(1);
  });

  test('there is an end when the time is up', async () => {
    const { world, one, run } = await suspended();
    const { ports, dead } = withDead(one.ports, { kind: 'wake', run });
    expect(await settleDeadLetters(ports, { until: world.clock.now() })).toEqual({ stored: 0, dropped: 0 });
    expect(dead.size).toBe(1);
  });
});
