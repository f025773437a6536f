import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { toBody } from '../../lib/adapters/sqs/message.ts';
import { createSqsQueue } from '../../lib/adapters/sqs/queue.ts';
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import type { Delivery, Message, Queue } from '../../lib/ports/queue.ts';
import { createSeededIds } from '../../lib/testing/seeded-ids.ts';
import { queueSuite } from '../conformance/queue-suite.ts';
import { aHead } from '../conformance/samples.ts';
import { passTime } from './pass-time.ts';
import { startSqsService } from './sqs-service.ts';

const ids = createSeededIds(1);

queueSuite('SQS', async (settings) => {
  const { isWaiting, dispose, ...service } = await startSqsService(settings);
  return { queue: createSqsQueue({ ...service, clock: settings.clock, ids }), isWaiting, dispose };
});

const receiveLimit = 3;
const visibilityMs = 60_000;
const wake = (run: string): Message => ({ kind: 'wake', run });
const runs = (deliveries: Delivery[]) => deliveries.map(({ message }) => message.run);

describe('a queue on SQS', () => {
  let clock: VirtualClock;
  let queue: Queue;
  let client: SQSClient;
  let queueUrl: string;
  let deadLetterQueueUrl: string;
  let dispose = async () => {};
  afterEach(() => dispose());

  async function start({ faults, traceHeader }: { faults?: SqsFaults; traceHeader?: () => string } = {}) {
    clock = createVirtualClock();
    const service = await startSqsService({ clock, visibilityMs, receiveLimit, ...(faults && { faults }) });
    ({ client, queueUrl, deadLetterQueueUrl, dispose } = service);
    queue = createSqsQueue({ ...service, clock, ids, ...(traceHeader && { traceHeader }) });
  }

  const receive = (max = 10) => queue.receive({ max, waitMs: 0 });
  const sendRaw = (MessageBody: string, more: object = {}) =>
    client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, ...more }));
  const receiveRaw = async (QueueUrl: string) => {
    const asked = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const] };
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ ...asked, MessageAttributeNames: ['All'] }),
    );
    return Messages;
  };
  /** Receives everything until it is dead. */
  const letDie = async () => {
    for (let turn = 0; turn <= receiveLimit; turn += 1) {
      await receiveRaw(queueUrl);
      await clock.advance(visibilityMs);
    }
  };

  test('is durable', async () => {
    await start();
    expect(queue.durable).toBe(true);
  });

  test('delays are cut to fifteen minutes', async () => {
    await start();
    await queue.send(wake('a'), { delayMs: 7 * 24 * 60 * 60 * 1_000 });
    await clock.advance(900_000 - 1);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect(runs(await receive())).toEqual(['a']);
  });

  test('delays of parts of a second are whole seconds, never shorter than asked for', async () => {
    await start();
    await queue.send(wake('a'), { delayMs: 1_001 });
    await clock.advance(1_999);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    const [delivery] = await receive();
    await queue.retry(delivery?.receipt ?? '', 1);
    expect(await receive()).toEqual([]);
    await clock.advance(1_000);
    expect(runs(await receive())).toEqual(['a']);
  });

  test('gives ten messages at a time, whatever the maximum asked for', async () => {
    await start();
    for (let index = 0; index < 12; index += 1) await queue.send(wake(`run-${index}`));
    expect(await receive(100)).toHaveLength(10);
    expect(await receive(100)).toHaveLength(2);
  });

  test('waits for twenty seconds at most', async () => {
    await start();
    const waiting = queue.receive({ max: 1, waitMs: 3_600_000 });
    expect(await passTime(clock, waiting)).toEqual([]);
    expect(clock.now()).toBe(createVirtualClock().now() + 20_000);
  });

  test('a retry after many hours is cut to what SQS takes', async () => {
    await start();
    await queue.send(wake('a'));
    const [delivery] = await receive();
    await queue.retry(delivery?.receipt ?? '', 24 * 60 * 60 * 1_000);
    await clock.advance(10 * 60 * 60 * 1_000);
    expect(runs(await receive())).toEqual(['a']);
  });

  test('a message goes out with the trace that it belongs to, if there is one', async () => {
    const traces = ['Root=1-67891233-abcdef012345678912345678;Sampled=1', ''];
    await start({ traceHeader: () => traces.shift() ?? '' });
    await queue.send(wake('a'));
    await queue.send(wake('b'));
    const received = await receiveRaw(queueUrl);
    expect(received.map(({ Attributes }) => Attributes?.AWSTraceHeader)).toEqual([
      'Root=1-67891233-abcdef012345678912345678;Sampled=1',
      undefined,
    ]);
  });

  test('a message above the size that SQS takes is refused before it is sent', async () => {
    const calls: string[] = [];
    await start({ faults: { call: (name) => void calls.push(name) } });
    const tooLong: Message = {
      kind: 'mail',
      run: 'a',
      nonce: 'n',
      mail: { id: 's', event: { type: 'run_signalled', id: 's', at: 1, name: 'x', payload: 'ä'.repeat(600_000) } },
    };
    await expect(queue.send(tooLong)).rejects.toMatchObject({ code: 'too_large' });
    expect(calls).not.toContain('SendMessage');
  });

  describe('and what others put there', () => {
    test('an unreadable message harms nobody, becomes a dead letter, and stays one', async () => {
      await start();
      await sendRaw('hello');
      await queue.send(wake('a'));
      const [delivery, ...others] = await receive();
      expect(delivery?.message).toEqual(wake('a'));
      expect(others).toEqual([]);
      await queue.ack(delivery?.receipt ?? '');
      await letDie();
      expect(await queue.countDeadLetters()).toBe(1);
      expect(await queue.receiveDeadLetters(10)).toEqual([]);
      await clock.advance(visibilityMs);
      expect((await receiveRaw(deadLetterQueueUrl)).map(({ Body }) => Body)).toEqual(['hello']);
    });

    test('readable dead letters are found behind any number of unreadable ones', async () => {
      await start();
      for (let index = 0; index < 25; index += 1) await sendRaw(`unreadable ${index}`);
      await sendRaw(toBody(wake('a')));
      for (let turn = 0; turn <= receiveLimit; turn += 1) {
        for (let call = 0; call < 3; call += 1) await receiveRaw(queueUrl);
        await clock.advance(visibilityMs);
      }
      expect(await queue.countDeadLetters()).toBe(26);
      expect(runs(await queue.receiveDeadLetters(10))).toEqual(['a']);
    });

    test('a redrive sends unreadable ones too, with body, attributes and trace as they were', async () => {
      await start();
      const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1-67891233-abcdef012345678912345678' };
      const Kind = { DataType: 'String', StringValue: 'greeting' };
      const Bytes = { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) };
      await sendRaw('hello', { MessageAttributes: { Kind, Bytes }, MessageSystemAttributes: { AWSTraceHeader } });
      await letDie();
      expect(await queue.redrive()).toBe(1);
      expect(await queue.countDeadLetters()).toBe(0);
      expect(await receiveRaw(queueUrl)).toMatchObject([
        {
          Body: 'hello',
          MessageAttributes: { Kind, Bytes },
          Attributes: { AWSTraceHeader: AWSTraceHeader.StringValue, ApproximateReceiveCount: '1' },
        },
      ]);
    });
  });

  test('a redrive sends all of many', async () => {
    await start();
    const names = Array.from({ length: 34 }, (_, index) => `run-${index}`);
    for (const name of names) await sendRaw(toBody(wake(name)), { QueueUrl: deadLetterQueueUrl });
    expect(await queue.redrive()).toBe(34);
    const again = [...(await receive()), ...(await receive()), ...(await receive()), ...(await receive())];
    expect(new Set(runs(again))).toEqual(new Set(names));
  });

  test('a redrive that breaks off loses nothing: what was not sent is still a dead letter', async () => {
    let isBroken = false;
    await start({ faults: { call: (name) => (isBroken && name === 'SendMessage' ? 'failed' : undefined) } });
    for (const name of ['a', 'b']) await sendRaw(toBody(wake(name)), { QueueUrl: deadLetterQueueUrl });
    isBroken = true;
    await expect(passTime(clock, queue.redrive())).rejects.toMatchObject({ code: 'unavailable' });
    isBroken = false;
    await clock.advance(visibilityMs);
    expect(await queue.redrive()).toBe(2);
  });

  describe('that stumbles', () => {
    const operations = [
      'SendMessage',
      'ReceiveMessage',
      'DeleteMessage',
      'ChangeMessageVisibility',
      'GetQueueAttributes',
    ];

    test('is asked again, by every operation', async () => {
      const troubles = ['throttled', 'failed', undefined] as const;
      const calls: Record<string, number> = {};
      let isOn = false;
      await start({
        faults: {
          call(name) {
            if (!isOn) return undefined;
            calls[name] = (calls[name] ?? 0) + 1;
            return troubles[((calls[name] ?? 0) - 1) % troubles.length];
          },
        },
      });
      isOn = true;
      await passTime(clock, queue.send(wake('a')));
      const [delivery] = await passTime(clock, receive());
      await passTime(clock, queue.retry(delivery?.receipt ?? '', 30_000));
      await passTime(clock, queue.ack(delivery?.receipt ?? ''));
      await passTime(clock, queue.countDeadLetters());
      expect(calls).toEqual(Object.fromEntries(operations.map((name) => [name, 3])));
      isOn = false;
      await clock.advance(visibilityMs);
      expect(await receive()).toEqual([]);
    });

    test('may have taken a message whose answer was lost: it comes twice, not never', async () => {
      let isCut = true;
      await start({
        faults: {
          call(name) {
            const cut = isCut && name === 'SendMessage';
            if (cut) isCut = false;
            return cut ? 'cut off' : undefined;
          },
        },
      });
      await passTime(clock, queue.send(wake('a')));
      expect(runs(await receive())).toEqual(['a', 'a']);
    });

    test('gets a start message that it may have taken without the birth: one of the two is read for first', async () => {
      let isCut = false;
      await start({
        faults: {
          call(name) {
            const cut = name === 'SendMessage' && !isCut;
            isCut ||= cut;
            return cut ? 'cut off' : undefined;
          },
        },
      });
      const { birth } = aHead();
      const message: Message = { kind: 'start', run: birth.id, nonce: birth.nonce, birth };
      await passTime(clock, queue.send(message));
      const taken = (await receive()).map((delivery) => delivery.message);
      expect(taken).toHaveLength(2);
      expect(taken).toEqual(expect.arrayContaining([message, { kind: 'start', run: birth.id, nonce: birth.nonce }]));
    });

    test('for long is a fault that names the service, the call and the cause', async () => {
      await start({ faults: { call: (name) => (name === 'SendMessage' ? 'throttled' : undefined) } });
      await expect(passTime(clock, queue.send(wake('a')))).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/^SQS cannot take a message now: RequestThrottled/),
        cause: { name: 'RequestThrottled' },
      });
    });

    test('a queue that does not exist is asked once', async () => {
      const calls: string[] = [];
      await start({ faults: { call: (name) => void calls.push(name) } });
      const other = createSqsQueue({ client, queueUrl: `${queueUrl}-none`, deadLetterQueueUrl, clock, ids });
      await expect(other.send(wake('a'))).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(/QueueDoesNotExist/),
      });
      expect(calls.filter((name) => name === 'SendMessage')).toHaveLength(1);
    });

    test('only what is wrong with a receipt is ignored', async () => {
      await start();
      await queue.send(wake('a'));
      const [delivery] = await receive();
      await queue.ack(delivery?.receipt ?? '');
      await queue.ack(delivery?.receipt ?? '');
      await queue.retry(delivery?.receipt ?? '', 0);
      const other = createSqsQueue({ client, queueUrl: `${queueUrl}-none`, deadLetterQueueUrl, clock, ids });
      await expect(other.ack('receipt')).rejects.toMatchObject({ code: 'refused' });
      await expect(other.retry('receipt', 0)).rejects.toMatchObject({ code: 'refused' });
    });
  });

  describe('that behaves as SQS may', () => {
    test('gives the same message to two receivers, each with a receipt of its own', async () => {
      await start({ faults: { arrival: () => ({ copies: 2 }) } });
      await queue.send(wake('a'));
      const [first, second] = await receive();
      expect([first?.message, second?.message]).toEqual([wake('a'), wake('a')]);
      await queue.ack(first?.receipt ?? '');
      await clock.advance(visibilityMs);
      expect(runs(await receive())).toEqual(['a']);
    });

    test('gives messages in another order, and not all that are there', async () => {
      await start({ faults: { order: (visible) => visible.toReversed().slice(0, 2) } });
      for (const name of ['a', 'b', 'c']) await queue.send(wake(name));
      expect(runs(await receive())).toEqual(['c', 'b']);
      expect(runs(await receive())).toEqual(['a']);
    });

    test('delivers late', async () => {
      await start({ faults: { arrival: () => ({ lateMs: 30_000 }) } });
      await queue.send(wake('a'), { delayMs: 1_000 });
      await clock.advance(30_999);
      expect(await receive()).toEqual([]);
      await clock.advance(1);
      expect(runs(await receive())).toEqual(['a']);
    });

    test('loses a message', async () => {
      await start({ faults: { arrival: ({ body }) => (body.includes('"a"') ? { copies: 0 } : undefined) } });
      await queue.send(wake('a'));
      await queue.send(wake('b'));
      expect(runs(await receive())).toEqual(['b']);
    });

    test('counts what somebody else has in hand', async () => {
      await start();
      await queue.send(wake('a'));
      const [theirs] = await receiveRaw(queueUrl);
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: theirs?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      expect(await receive()).toMatchObject([{ receives: 2 }]);
    });
  });
});
