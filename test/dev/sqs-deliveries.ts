import { ChangeMessageVisibilityCommand, DeleteMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Bench, bodiesOf, named } from './sqs-bench.ts';

const counted = { MessageSystemAttributeNames: ['All' as const] };

/** What a server owes about who gets which message when. */
export const deliveryBehaviours = {
  async 'a message that somebody has is not given to others'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    for (const body of ['a', 'b', 'c']) await send(url, body);
    const first = await receive(url, { MaxNumberOfMessages: 2 });
    const second = await receive(url);
    expect(first).toHaveLength(2);
    expect(bodiesOf([...first, ...second])).toEqual(['a', 'b', 'c']);
    expect(await receive(url)).toEqual([]);
  },

  async 'one message is given if nothing is said of how many'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    for (const body of ['a', 'b']) await send(url, body);
    expect(await receive(url, { MaxNumberOfMessages: undefined })).toHaveLength(1);
  },

  async 'numbers out of bounds are refused'({ createQueue, receive }: Bench) {
    const url = await createQueue();
    const wrong = [
      { MaxNumberOfMessages: 0 },
      { MaxNumberOfMessages: 11 },
      { WaitTimeSeconds: 21 },
      { WaitTimeSeconds: -1 },
      { VisibilityTimeout: 43_201 },
    ];
    for (const parameters of wrong) {
      await expect(receive(url, parameters)).rejects.toMatchObject(named('InvalidParameterValue'));
    }
  },

  async 'a delayed message comes when it is due'({ createQueue, send, receive, pass, attributesOf }: Bench) {
    const url = await createQueue();
    await send(url, 'a', { DelaySeconds: 1 });
    expect(await receive(url)).toEqual([]);
    expect(await attributesOf(url, 'ApproximateNumberOfMessagesDelayed')).toEqual({
      ApproximateNumberOfMessagesDelayed: '1',
    });
    await pass(1);
    expect(bodiesOf(await receive(url))).toEqual(['a']);
  },

  async 'a queue’s delay holds for messages that have none of their own'({ createQueue, send, receive, pass }: Bench) {
    const url = await createQueue({ DelaySeconds: '1' });
    await send(url, 'a');
    await send(url, 'b', { DelaySeconds: 0 });
    expect(bodiesOf(await receive(url))).toEqual(['b']);
    await pass(1);
    expect(bodiesOf(await receive(url))).toEqual(['a']);
  },

  async 'a delay of more than fifteen minutes is refused'({ createQueue, send }: Bench) {
    const url = await createQueue();
    await send(url, 'a', { DelaySeconds: 900 });
    await expect(send(url, 'a', { DelaySeconds: 901 })).rejects.toMatchObject(named('InvalidParameterValue'));
  },

  async 'who waits gets the first message as it comes'({ createQueue, send, receive, isWaiting }: Bench) {
    const url = await createQueue();
    const begun = performance.now();
    const waiting = receive(url, { WaitTimeSeconds: 20 });
    await isWaiting();
    await send(url, 'a');
    expect(bodiesOf(await waiting)).toEqual(['a']);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await receive(url)).toEqual([]);
  },

  async 'who waits in vain gets nothing in the end'({ createQueue, receive, isWaiting, pass, send }: Bench) {
    const url = await createQueue();
    const waiting = receive(url, { WaitTimeSeconds: 1 });
    await isWaiting();
    await pass(1);
    expect(await waiting).toEqual([]);
    await send(url, 'a');
    expect(bodiesOf(await receive(url))).toEqual(['a']);
  },

  async 'who waits gets a delayed message when it is due'({ createQueue, receive, isWaiting, pass, send }: Bench) {
    const url = await createQueue();
    await send(url, 'a', { DelaySeconds: 1 });
    const waiting = receive(url, { WaitTimeSeconds: 5 });
    await isWaiting();
    await pass(1);
    expect(bodiesOf(await waiting)).toEqual(['a']);
  },

  async 'a queue’s waiting time holds for whoever names none'({ createQueue, receive, isWaiting, send }: Bench) {
    const url = await createQueue({ ReceiveMessageWaitTimeSeconds: '10' });
    const waiting = receive(url);
    await isWaiting();
    await send(url, 'a');
    expect(bodiesOf(await waiting)).toEqual(['a']);
  },

  async 'what is not deleted comes again after its visibility timeout, counted'({
    createQueue,
    send,
    receive,
    pass,
  }: Bench) {
    const url = await createQueue({ VisibilityTimeout: '1' });
    await send(url, 'a');
    await receive(url);
    expect(await receive(url)).toEqual([]);
    await pass(1);
    expect(await receive(url, counted)).toMatchObject([{ Attributes: { ApproximateReceiveCount: '2' } }]);
  },

  async 'the visibility timeout can be shortened to nothing'({ client, createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, 'a');
    const [message] = await receive(url);
    const ofMessage = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
    await client.send(new ChangeMessageVisibilityCommand({ ...ofMessage, VisibilityTimeout: 0 }));
    expect(await receive(url)).toHaveLength(1);
  },

  async 'the visibility timeout can be prolonged, from now on'({ client, createQueue, send, receive, pass }: Bench) {
    const url = await createQueue({ VisibilityTimeout: '1' });
    await send(url, 'a');
    const [message] = await receive(url);
    const ofMessage = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
    await client.send(new ChangeMessageVisibilityCommand({ ...ofMessage, VisibilityTimeout: 2 }));
    await pass(1);
    expect(await receive(url)).toEqual([]);
    await pass(1);
    expect(await receive(url)).toHaveLength(1);
  },

  async 'a deleted message is gone, and can be deleted again'({
    client,
    createQueue,
    send,
    receive,
    attributesOf,
  }: Bench) {
    const url = await createQueue();
    await send(url, 'a');
    const [message] = await receive(url);
    const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle });
    await client.send(command);
    await client.send(command);
    expect(await attributesOf(url, 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible')).toEqual({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  },

  async 'the receipt of an earlier delivery deletes nothing'({
    client,
    createQueue,
    send,
    receive,
    attributesOf,
  }: Bench) {
    const url = await createQueue();
    await send(url, 'a');
    const [early] = await receive(url);
    const ofEarly = { QueueUrl: url, ReceiptHandle: early?.ReceiptHandle };
    await client.send(new ChangeMessageVisibilityCommand({ ...ofEarly, VisibilityTimeout: 0 }));
    expect(await receive(url)).toHaveLength(1);
    await client.send(new DeleteMessageCommand(ofEarly));
    expect(await attributesOf(url, 'ApproximateNumberOfMessagesNotVisible')).toEqual({
      ApproximateNumberOfMessagesNotVisible: '1',
    });
  },

  async 'what is no receipt is refused'({ client, createQueue }: Bench) {
    const bogus = { QueueUrl: await createQueue(), ReceiptHandle: 'bogus' };
    const refused = named('ReceiptHandleIsInvalid');
    await expect(client.send(new DeleteMessageCommand(bogus))).rejects.toMatchObject(refused);
    await expect(
      client.send(new ChangeMessageVisibilityCommand({ ...bogus, VisibilityTimeout: 0 })),
    ).rejects.toMatchObject(refused);
  },

  async 'the visibility of a deleted message cannot be changed'({ client, createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, 'a');
    const [message] = await receive(url);
    const ofMessage = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
    await client.send(new DeleteMessageCommand(ofMessage));
    await expect(
      client.send(new ChangeMessageVisibilityCommand({ ...ofMessage, VisibilityTimeout: 9 })),
    ).rejects.toMatchObject({
      ...named('InvalidParameterValue'),
      message: expect.stringMatching(/ReceiptHandle is invalid. Reason: Message does not exist or is not available/),
    });
  },

  async 'a receipt that has run out changes nothing any more'({ client, createQueue, send, receive, pass }: Bench) {
    const url = await createQueue({ VisibilityTimeout: '1' });
    await send(url, 'a');
    const [message] = await receive(url);
    await pass(1);
    const ofMessage = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle };
    await client.send(new ChangeMessageVisibilityCommand({ ...ofMessage, VisibilityTimeout: 900 }));
    expect(await receive(url)).toHaveLength(1);
  },

  async 'a message that was received too often is a dead letter, exactly then'(bench: Bench) {
    const { receive, attributesOf } = bench;
    const { url, deadUrl } = await withDeadLetters(bench, { maxReceiveCount: 2, VisibilityTimeout: '0' });
    await bench.send(url, 'a');
    expect(await receive(url)).toHaveLength(1);
    expect(await receive(url)).toHaveLength(1);
    expect(await attributesOf(deadUrl, 'ApproximateNumberOfMessages')).toEqual({ ApproximateNumberOfMessages: '0' });
    expect(await receive(url)).toEqual([]);
    expect(await attributesOf(deadUrl, 'ApproximateNumberOfMessages')).toEqual({ ApproximateNumberOfMessages: '1' });
  },

  async 'a dead letter wakes who waits for dead letters'(bench: Bench) {
    const { url, deadUrl } = await withDeadLetters(bench, { maxReceiveCount: 1, VisibilityTimeout: '0' });
    await bench.send(url, 'a');
    await bench.receive(url);
    const waiting = bench.receive(deadUrl, { WaitTimeSeconds: 10 });
    await bench.isWaiting();
    await bench.receive(url);
    expect(bodiesOf(await waiting)).toEqual(['a']);
  },

  async 'a dead letter keeps its id, its attributes and its count'(bench: Bench) {
    const { client, receive } = bench;
    const { url, deadUrl } = await withDeadLetters(bench, { maxReceiveCount: 2, VisibilityTimeout: '0' });
    const MessageAttributes = { Kind: { DataType: 'String', StringValue: 'x' } };
    const { MessageId } = await client.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody: 'a', MessageAttributes }),
    );
    const [first] = await receive(url, counted);
    for (let turn = 0; turn < 2; turn += 1) await receive(url);
    expect(await receive(deadUrl, { ...counted, MessageAttributeNames: ['All'] })).toMatchObject([
      {
        MessageId,
        MessageAttributes,
        Attributes: { ApproximateReceiveCount: '3', SentTimestamp: first?.Attributes?.SentTimestamp },
      },
    ]);
  },

  async 'a dead letter tells where it died'(bench: Bench) {
    const { url, deadUrl } = await withDeadLetters(bench, { maxReceiveCount: 1, VisibilityTimeout: '0' });
    await bench.send(url, 'a');
    for (let turn = 0; turn < 2; turn += 1) await bench.receive(url);
    const { QueueArn } = await bench.attributesOf(url, 'QueueArn');
    expect(await bench.receive(deadUrl, counted)).toMatchObject([
      { Attributes: { DeadLetterQueueSourceArn: QueueArn } },
    ]);
  },
};

async function withDeadLetters(
  { createQueue, attributesOf }: Bench,
  { maxReceiveCount, ...attributes }: { maxReceiveCount: number; VisibilityTimeout: string },
) {
  const deadUrl = await createQueue();
  const { QueueArn: deadLetterTargetArn } = await attributesOf(deadUrl, 'QueueArn');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  return { deadUrl, url: await createQueue({ ...attributes, RedrivePolicy }) };
}
