import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { Content } from '../../lib/dev/sqs/content.ts';
import { createSqsCore } from '../../lib/dev/sqs/core.ts';
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import { type LocalSqs, startLocalSqs } from '../../lib/dev/sqs/server.ts';
import { createBench } from './sqs-bench.ts';

const content = (body: string): Content => ({ body, attributes: {}, systemAttributes: {} });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('queues on a clock', () => {
  const start = (faults: SqsFaults = {}, settings = {}) => {
    const clock = createVirtualClock();
    const core = createSqsCore({ clock, faults });
    return { clock, core, queue: core.create('queue', settings) };
  };
  const bodies = (received: { message: { body: string } }[]) => received.map(({ message }) => message.body);

  test('messages are kept for as long as the queue is set to, also while somebody has them', async () => {
    const { clock, queue } = start({}, { MessageRetentionPeriod: '60', VisibilityTimeout: '3600' });
    queue.send(content('in hand'));
    await queue.receive({ max: 1, waitMs: 0 });
    queue.send(content('first'));
    queue.send(content('delayed'), 10 * minute);
    await clock.advance(minute - 1);
    queue.send(content('second'));
    await clock.advance(1);
    expect(queue.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    expect(bodies(await queue.receive({ max: 10, waitMs: 0 }))).toEqual(['second']);
    expect(clock.pending).toBe(1);
  });

  test('a dead letter is as old as its message, not as its death', async () => {
    const { clock, core, queue } = start({}, { VisibilityTimeout: '0', MessageRetentionPeriod: '120' });
    const dead = core.create('dead', { MessageRetentionPeriod: '60' });
    core.change('queue', {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }),
    });
    queue.send(content('a'));
    await clock.advance(minute - 1);
    await queue.receive({ max: 1, waitMs: 0 });
    await queue.receive({ max: 1, waitMs: 0 });
    expect(dead.counts().visible).toBe(1);
    await clock.advance(1);
    expect(dead.counts().visible).toBe(0);
  });

  test('a message whose dead letters have nowhere to go is given out again', async () => {
    const { queue, core } = start({}, { VisibilityTimeout: '0' });
    const RedrivePolicy = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":1}';
    core.change('queue', { RedrivePolicy });
    queue.send(content('a'));
    for (let turn = 0; turn < 3; turn += 1) expect(await queue.receive({ max: 1, waitMs: 0 })).toHaveLength(1);
  });

  test('queues that are the dead letters of each other pass a message on, and do so once', async () => {
    const { core, queue } = start({}, { VisibilityTimeout: '0' });
    const other = core.create('other', { VisibilityTimeout: '0' });
    const policyOf = (arn: string) => ({
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }),
    });
    core.change('queue', policyOf(other.arn));
    core.change('other', policyOf(queue.arn));
    queue.send(content('a'));
    await queue.receive({ max: 1, waitMs: 0 });
    const waiting = other.receive({ max: 1, waitMs: minute });
    expect(await queue.receive({ max: 1, waitMs: 0 })).toEqual([]);
    expect(await waiting).toMatchObject([{ message: { body: 'a', receives: 2 } }]);
  });

  test('a message is invisible for twelve hours from its receive at most', async () => {
    const { clock, queue } = start();
    queue.send(content('a'));
    const [received] = await queue.receive({ max: 1, waitMs: 0, visibilityMs: 6 * hour });
    const handle = received?.handle ?? '';
    await clock.advance(5 * hour);
    expect(() => queue.changeVisibility(handle, 7 * hour + 1_000)).toThrow(
      /Total VisibilityTimeout .* \[43200 seconds\]/,
    );
    queue.changeVisibility(handle, 7 * hour);
    await clock.advance(7 * hour);
    expect(queue.counts().visible).toBe(1);
  });

  test('receipts of another queue are refused', async () => {
    const { core, queue } = start();
    core.create('other', {}).send(content('a'));
    const [received] = await core.get('other').receive({ max: 1, waitMs: 0 });
    expect(() => queue.remove(received?.handle ?? '')).toThrow(/not a valid receipt handle/);
  });

  test('so are those of a queue of the same name that is gone', async () => {
    const [before, after] = [start(), start()];
    for (const { queue } of [before, after]) queue.send(content('a'));
    const [received] = await before.queue.receive({ max: 1, waitMs: 0 });
    await after.queue.receive({ max: 1, waitMs: 0 });
    expect(() => after.queue.remove(received?.handle ?? '')).toThrow(/not a valid receipt handle/);
  });

  test('who waits is served in turn, each with as many as asked for', async () => {
    const { queue } = start();
    const [first, second] = [queue.receive({ max: 1, waitMs: minute }), queue.receive({ max: 2, waitMs: minute })];
    for (const body of ['a', 'b']) queue.send(content(body));
    expect([bodies(await first), bodies(await second)]).toEqual([['a'], ['b']]);
    expect(queue.waiting).toBe(0);
  });

  test('who stops waiting takes nothing', async () => {
    const { clock, queue } = start();
    const gone = new AbortController();
    const waiting = queue.receive({ max: 1, waitMs: minute, signal: gone.signal });
    gone.abort();
    expect(await waiting).toEqual([]);
    queue.send(content('a'));
    expect(queue.counts()).toMatchObject({ visible: 1, inFlight: 0 });
    expect(clock.pending).toBe(0);
  });

  test('a closed core lets go who waits, and leaves no timer behind', async () => {
    const { clock, core, queue } = start();
    const waiting = queue.receive({ max: 1, waitMs: minute });
    core.create('other', {}).send(content('a'), minute);
    expect(core.waiting).toBe(1);
    core.close();
    expect(await waiting).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(() => core.get('queue')).toThrow(/does not exist/);
  });

  test('a purge is possible again after a minute', async () => {
    const { clock, core } = start();
    core.purge('queue');
    await clock.advance(minute - 1);
    expect(() => core.purge('queue')).toThrow(/every 60 seconds/);
    await clock.advance(1);
    core.purge('queue');
  });

  test('an empty redrive policy takes it away', () => {
    const { core, queue } = start();
    core.change('queue', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queue.arn, maxReceiveCount: 1 }) });
    core.change('queue', { RedrivePolicy: '' });
    expect(Object.keys(queue.settings)).not.toContain('RedrivePolicy');
  });

  test('queues that keep an order are refused, not imitated', () => {
    const { core } = start();
    expect(() => core.create('a', { FifoQueue: 'true' })).toThrow(/no FIFO queues/);
  });

  describe('with faults', () => {
    test('a message may come several times, with one id and receipts of their own', async () => {
      const { clock, queue } = start({ arrival: () => ({ copies: 3 }) });
      queue.send(content('a'));
      const received = await queue.receive({ max: 10, waitMs: 0 });
      expect(new Set(received.map(({ message }) => message.messageId)).size).toBe(1);
      expect(new Set(received.map(({ handle }) => handle)).size).toBe(3);
      queue.remove(received[0]?.handle ?? '');
      await clock.advance(minute);
      expect(await queue.receive({ max: 10, waitMs: 0 })).toHaveLength(2);
    });

    test('a message may be lost after it was accepted', () => {
      const { queue } = start({ arrival: () => ({ copies: 0 }) });
      expect(queue.send(content('a'))).toMatch(/^[\da-f-]{36}$/);
      expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    });

    test('a message may come late, beyond its delay', async () => {
      const { clock, queue } = start({ arrival: () => ({ lateMs: day }) });
      queue.send(content('a'), minute);
      await clock.advance(day + minute - 1);
      expect(queue.counts().delayed).toBe(1);
      await clock.advance(1);
      expect(queue.counts().visible).toBe(1);
    });

    test('messages may come in another order, and some not this time', async () => {
      const { queue } = start({ order: (visible) => visible.filter(({ body }) => body !== 'b').toReversed() });
      for (const body of ['a', 'b', 'c']) queue.send(content(body));
      expect(bodies(await queue.receive({ max: 10, waitMs: 0 }))).toEqual(['c', 'a']);
      expect(await queue.receive({ max: 10, waitMs: 0 })).toEqual([]);
      expect(queue.counts().visible).toBe(1);
    });

    test('each message is asked about with its queue and its text', () => {
      const asked: unknown[] = [];
      const { queue } = start({ arrival: (sent) => void asked.push(sent) });
      queue.send(content('a'));
      expect(asked).toEqual([{ queue: 'queue', body: 'a' }]);
    });
  });
});

describe('a local SQS', () => {
  let clock: VirtualClock;
  let sqs: LocalSqs;
  const open: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function start(faults: SqsFaults = {}) {
    clock = createVirtualClock();
    sqs = await startLocalSqs({ clock, faults });
    const bench = createBench({ endpoint: sqs.url, pass: clock.advance, isWaiting: async () => {} });
    open.push(
      () => sqs.close(),
      () => bench.client.destroy(),
    );
    return bench;
  }

  const ask = (init: RequestInit) => fetch(sqs.url, init);
  const target = (name: string) => ({ 'x-amz-target': `AmazonSQS.${name}` });

  test('names what it does not do', async () => {
    await start();
    for (const headers of [target('StartMessageMoveTask'), target('toString'), {}]) {
      const response = await ask({ method: 'POST', headers, body: '{}' });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ __type: 'com.amazonaws.sqs#InvalidAction' });
    }
    expect((await ask({ headers: target('ListQueues') })).status).toBe(400);
  });

  test('refuses what is not as its operation expects', async () => {
    await start();
    const answers = await Promise.all(
      [
        ['CreateQueue', '{'],
        ['CreateQueue', '{}'],
        ['CreateQueue', '{"QueueName":7}'],
        ['SendMessage', '{"QueueUrl":"http://x/queue","MessageBody":null}'],
      ].map(async ([name = '', body = '']) => {
        const response = await ask({ method: 'POST', headers: target(name), body });
        const { __type, message } = (await response.json()) as { __type: string; message: string };
        return [response.status, __type.split('#')[1], message];
      }),
    );
    expect(answers).toEqual([
      [400, 'InvalidParameterValue', expect.stringContaining('not JSON')],
      [400, 'MissingParameter', 'The request must contain the parameter QueueName.'],
      [400, 'InvalidParameterValue', expect.stringContaining('QueueName')],
      [400, 'InvalidParameterValue', expect.stringContaining('MessageBody')],
    ]);
  });

  test('takes a message at its limit, however it is written, and not much more', async () => {
    const { createQueue } = await start();
    const QueueUrl = await createQueue();
    const escaped = '\\u0061'.repeat(1024 * 1024);
    const body = `{"QueueUrl":"${QueueUrl}","MessageBody":"${escaped}"}`;
    expect((await ask({ method: 'POST', headers: target('SendMessage'), body })).status).toBe(200);
    const tooLong = { method: 'POST', headers: target('SendMessage'), body: 'x'.repeat(9 * 1024 * 1024) };
    // The server may close the connection while the body is still on its way.
    const status = await ask(tooLong).then(
      (response) => response.status,
      () => 400,
    );
    expect(status).toBe(400);
  });

  test('a waiting receive that is cut off takes no message', async () => {
    const { client, createQueue, send, receive } = await start();
    const QueueUrl = await createQueue();
    const gone = new AbortController();
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: gone.signal,
    });
    while (sqs.core.waiting === 0) await clock.macrotask();
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    while (sqs.core.waiting > 0) await clock.macrotask();
    await send(QueueUrl, 'a');
    expect(await receive(QueueUrl)).toHaveLength(1);
  });

  test('answers who waits when it is closed, and nobody afterwards', async () => {
    const { createQueue, receive } = await start();
    const url = await createQueue();
    const waiting = receive(url, { WaitTimeSeconds: 20 }).catch(() => []);
    while (sqs.core.waiting === 0) await clock.macrotask();
    await sqs.close();
    expect(await waiting).toEqual([]);
    await expect(receive(url)).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN/) });
  });

  test('a port that is taken is a conflict that says so', async () => {
    await start();
    const port = Number(new URL(sqs.url).port);
    await expect(startLocalSqs({ clock, port })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`Port ${port} is in use`),
    });
  });

  test('a call may be throttled, fail, or lose its answer after it was carried out', async () => {
    const troubles: ReturnType<NonNullable<SqsFaults['call']>>[] = ['throttled', 'failed', 'cut off'];
    const { client, newName } = await start({ call: () => troubles.shift() });
    const QueueName = newName();
    const create = () => client.send(new CreateQueueCommand({ QueueName }));
    await expect(create()).rejects.toMatchObject({ name: 'RequestThrottled' });
    await expect(create()).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    expect(sqs.core.list()).toEqual([]);
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sqs.core.list().map(({ name }) => name)).toEqual([QueueName]);
  });

  test('a fault in the server itself is an answer, too', async () => {
    const { createQueue, send, receive } = await start({
      order: () => {
        throw new RangeError('a mistake');
      },
    });
    const url = await createQueue();
    await send(url, 'a');
    await expect(receive(url)).rejects.toMatchObject({ name: 'InternalFailure', message: 'RangeError: a mistake' });
  });

  test('its clock decides, not the time of day', async () => {
    const { client, createQueue, send, receive } = await start();
    const QueueUrl = await createQueue({ VisibilityTimeout: '43200' });
    await send(QueueUrl, 'a', { DelaySeconds: 900 });
    await clock.advance(900_000);
    expect(await receive(QueueUrl)).toHaveLength(1);
    await clock.advance(12 * hour);
    const [again] = await receive(QueueUrl, { MessageSystemAttributeNames: ['All'] });
    expect(again?.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      ApproximateFirstReceiveTimestamp: String(Date.UTC(2030, 0, 1, 0, 15)),
    });
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
  });
});
