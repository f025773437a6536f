/** What every queue owes the kernel. Messages come at least once, in any order; the suite asks for no more. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Delivery, Message, Queue } from '../../lib/ports/queue.ts';
import { aHead, aSignal } from './samples.ts';

export interface QueueSettings {
  clock: Clock;
  visibilityMs: number;
  receiveLimit: number;
}

const VISIBILITY_MS = 60_000;
const RECEIVE_LIMIT = 3;

export interface QueueUnderTest {
  queue: Queue;
  dispose(): Promise<void>;
  /** Resolves once a receive that was begun has reached the queue and waits there. Default: it is there at once. */
  isWaiting?: () => Promise<void>;
}

export function queueSuite(name: string, createQueue: (settings: QueueSettings) => Promise<QueueUnderTest>): void {
  describe(`${name} as a queue`, () => {
    let clock: VirtualClock;
    let queue: Queue;
    let subject: QueueUnderTest;

    beforeEach(async () => {
      clock = createVirtualClock();
      subject = await createQueue({ clock, visibilityMs: VISIBILITY_MS, receiveLimit: RECEIVE_LIMIT });
      queue = subject.queue;
    });
    afterEach(() => subject.dispose());

    const wake = (run: string): Message => ({ kind: 'wake', run });
    const receive = (max = 10) => queue.receive({ max, waitMs: 0 });
    const runs = (deliveries: Delivery[]) => deliveries.map(({ message }) => message.run).sort();

    test('gives out what was sent, whole, counted as the first receive', async () => {
      const messages: Message[] = [
        { kind: 'start', run: 'run-1', nonce: 'nonce-1', birth: aHead().birth },
        { kind: 'wake', run: 'b', from: 'sweeper' },
        { kind: 'mail', run: 'c', nonce: 'n', mail: aSignal('s') },
      ];
      for (const message of messages) await queue.send(message);
      const deliveries = await receive();
      expect(deliveries.map(({ message }) => message)).toEqual(expect.arrayContaining(messages));
      expect(deliveries.map(({ receives }) => receives)).toEqual([1, 1, 1]);
      expect(new Set(deliveries.map(({ receipt }) => receipt)).size).toBe(3);
    });

    test('gives at most as many as asked for, and each to one receiver only', async () => {
      for (let index = 0; index < 5; index += 1) await queue.send(wake(`run-${index}`));
      const [first, second] = [await receive(3), await receive(3)];
      expect(first).toHaveLength(3);
      expect(runs([...first, ...second])).toEqual(['run-0', 'run-1', 'run-2', 'run-3', 'run-4']);
      expect(await receive()).toEqual([]);
    });

    test('keeps what it was given: later changes to the object reach nobody', async () => {
      const message = { kind: 'wake' as const, run: 'a' };
      await queue.send(message);
      message.run = 'b';
      expect(runs(await receive())).toEqual(['a']);
    });

    test('holds a delayed message back until its time', async () => {
      await queue.send(wake('a'), { delayMs: 5_000 });
      await clock.advance(4_999);
      expect(await receive()).toEqual([]);
      await clock.advance(1);
      expect(runs(await receive())).toEqual(['a']);
    });

    test('a receiver that waits gets the first message that comes', async () => {
      const waiting = queue.receive({ max: 10, waitMs: 20_000 });
      await subject.isWaiting?.();
      await clock.advance(10_000);
      await queue.send(wake('a'));
      expect(runs(await waiting)).toEqual(['a']);
    });

    test('a receiver that waits gets a delayed message when it is due', async () => {
      await queue.send(wake('a'), { delayMs: 5_000 });
      const waiting = queue.receive({ max: 10, waitMs: 20_000 });
      await subject.isWaiting?.();
      await clock.advance(5_000);
      expect(runs(await waiting)).toEqual(['a']);
    });

    test('a receiver that waited in vain gets nothing, and takes nothing afterwards', async () => {
      const waiting = queue.receive({ max: 10, waitMs: 20_000 });
      await subject.isWaiting?.();
      await clock.advance(20_000);
      expect(await waiting).toEqual([]);
      await queue.send(wake('a'));
      expect(runs(await receive())).toEqual(['a']);
    });

    test('what is acknowledged never comes again', async () => {
      await queue.send(wake('a'));
      const [delivery] = await receive();
      await queue.ack(delivery?.receipt ?? '');
      await clock.advance(2 * VISIBILITY_MS);
      expect(await receive()).toEqual([]);
      expect(await queue.countDeadLetters()).toBe(0);
    });

    test('what is neither acknowledged nor retried comes again after the visibility timeout, counted', async () => {
      await queue.send(wake('a'));
      await receive();
      await clock.advance(VISIBILITY_MS - 1);
      expect(await receive()).toEqual([]);
      await clock.advance(1);
      expect(await receive()).toMatchObject([{ message: wake('a'), receives: 2 }]);
    });

    test('what is retried comes again after the delay asked for, counted', async () => {
      await queue.send(wake('a'));
      const [delivery] = await receive();
      await queue.retry(delivery?.receipt ?? '', 1_000);
      expect(await receive()).toEqual([]);
      await clock.advance(1_000);
      expect(await receive()).toMatchObject([{ message: wake('a'), receives: 2 }]);
    });

    test('a receipt that has run out is ignored', async () => {
      await queue.send(wake('a'));
      const [late] = await receive();
      await clock.advance(VISIBILITY_MS);
      const [current] = await receive();
      await queue.ack(late?.receipt ?? '');
      await queue.retry(late?.receipt ?? '', 0);
      await queue.ack('unknown');
      expect(await receive()).toEqual([]);
      await clock.advance(VISIBILITY_MS);
      expect(await receive()).toMatchObject([{ receives: 3 }]);
      expect(current?.receives).toBe(2);
    });

    test.each([
      ['retries', (delivery: Delivery) => queue.retry(delivery.receipt, 0)],
      ['silence', () => clock.advance(VISIBILITY_MS)],
    ])('a message that ran out of receives by %s is a dead letter, and comes no more', async (_, letGo) => {
      await queue.send(wake('a'));
      for (let turn = 1; turn <= RECEIVE_LIMIT; turn += 1) {
        const [delivery] = await receive();
        expect(delivery?.receives).toBe(turn);
        if (delivery !== undefined) await letGo(delivery);
      }
      expect(await receive()).toEqual([]);
      expect(await queue.countDeadLetters()).toBe(1);
      expect(await queue.receiveDeadLetters(10)).toMatchObject([{ message: wake('a') }]);
    });

    async function killLetters(...names: string[]): Promise<void> {
      for (const name of names) await queue.send(wake(name));
      for (let turn = 1; turn <= RECEIVE_LIMIT; turn += 1) {
        for (const { receipt } of await receive()) await queue.retry(receipt, 0);
      }
      await receive();
    }

    test('a dead letter that is dropped is gone', async () => {
      await killLetters('a', 'b');
      for (const { message, receipt } of await queue.receiveDeadLetters(10)) {
        if (message.run === 'a') await queue.dropDeadLetter(receipt);
      }
      await clock.advance(VISIBILITY_MS);
      expect(runs(await queue.receiveDeadLetters(10))).toEqual(['b']);
      expect(await queue.countDeadLetters()).toBe(1);
    });

    test('a redrive sends every dead letter once more, as if for the first time', async () => {
      await killLetters('a', 'b');
      expect(await queue.redrive()).toBe(2);
      expect(await queue.countDeadLetters()).toBe(0);
      const again = await receive();
      expect(runs(again)).toEqual(['a', 'b']);
      expect(again.map(({ receives }) => receives)).toEqual([1, 1]);
      expect(await queue.redrive()).toBe(0);
    });
  });
}
