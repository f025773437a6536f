import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Bench, bodiesOf, named } from './sqs-bench.ts';

const half = 'x'.repeat(524_288);

/** What a server owes about batches. */
export const batchBehaviours = {
  async 'a batch is sent as single messages'({ client, createQueue, receive }: Bench) {
    const QueueUrl = await createQueue();
    const Entries = ['a', 'b', 'c'].map((body) => ({ Id: `entry-${body}`, MessageBody: body }));
    const { Successful = [], Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful.map(({ Id }) => Id)).toEqual(['entry-a', 'entry-b', 'entry-c']);
    expect(Failed).toEqual([]);
    const messages = await receive(QueueUrl);
    expect(bodiesOf(messages)).toEqual(['a', 'b', 'c']);
    expect(new Set(messages.map(({ MessageId }) => MessageId))).toEqual(
      new Set(Successful.map(({ MessageId }) => MessageId)),
    );
  },

  async 'an entry of a batch has its own delay'({ client, createQueue, receive }: Bench) {
    const QueueUrl = await createQueue();
    const Entries = [
      { Id: '1', MessageBody: 'late', DelaySeconds: 900 },
      { Id: '2', MessageBody: 'now' },
    ];
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(bodiesOf(await receive(QueueUrl))).toEqual(['now']);
  },

  async 'an entry that cannot be sent fails alone'({ client, createQueue, receive }: Bench) {
    const QueueUrl = await createQueue();
    const Entries = [
      { Id: 'wrong', MessageBody: '\u0000' },
      { Id: 'right', MessageBody: 'a' },
    ];
    const { Successful = [], Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful.map(({ Id }) => Id)).toEqual(['right']);
    expect(Failed).toMatchObject([{ Id: 'wrong', Code: 'InvalidMessageContents', SenderFault: true }]);
    expect(bodiesOf(await receive(QueueUrl))).toEqual(['a']);
  },

  async 'a batch as a whole has at most 1 MiB'({ client, createQueue, receive }: Bench) {
    const QueueUrl = await createQueue();
    const send = (...bodies: string[]) => {
      const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      return client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    };
    await expect(send(half, half, 'x')).rejects.toMatchObject(named('BatchRequestTooLong'));
    expect(await receive(QueueUrl)).toEqual([]);
    expect((await send(half, half)).Successful).toHaveLength(2);
  },

  async 'a batch has one to ten entries'({ client, createQueue }: Bench) {
    const QueueUrl = await createQueue();
    const send = (count: number) => {
      const Entries = Array.from({ length: count }, (_, index) => ({ Id: String(index), MessageBody: 'a' }));
      return client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    };
    await expect(send(0)).rejects.toMatchObject(named('EmptyBatchRequest'));
    await expect(send(11)).rejects.toMatchObject(named('TooManyEntriesInBatchRequest'));
    expect((await send(10)).Successful).toHaveLength(10);
  },

  async 'the entries of a batch have different names of letters, digits, - and _'({ client, createQueue }: Bench) {
    const QueueUrl = await createQueue();
    const send = (...ids: string[]) =>
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries: ids.map((Id) => ({ Id, MessageBody: 'a' })) }));
    await expect(send('a', 'a')).rejects.toMatchObject(named('BatchEntryIdsNotDistinct'));
    await expect(send('a b')).rejects.toMatchObject(named('InvalidBatchEntryId'));
    await expect(send('x'.repeat(81))).rejects.toMatchObject(named('InvalidBatchEntryId'));
  },

  async 'messages can be deleted together'({ client, createQueue, send, receive, attributesOf }: Bench) {
    const QueueUrl = await createQueue();
    for (const body of ['a', 'b', 'c']) await send(QueueUrl, body);
    const [first, second] = await receive(QueueUrl);
    const Entries = [first, second].map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message?.ReceiptHandle,
    }));
    const { Successful = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful.map(({ Id }) => Id)).toEqual(['0', '1']);
    expect(await attributesOf(QueueUrl, 'ApproximateNumberOfMessagesNotVisible')).toEqual({
      ApproximateNumberOfMessagesNotVisible: '1',
    });
  },

  async 'a receipt in a batch that is none fails alone'({ client, createQueue, send, receive, attributesOf }: Bench) {
    const QueueUrl = await createQueue();
    await send(QueueUrl, 'a');
    const [message] = await receive(QueueUrl);
    const Entries = [
      { Id: 'wrong', ReceiptHandle: 'bogus' },
      { Id: 'right', ReceiptHandle: message?.ReceiptHandle },
    ];
    const { Successful = [], Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toEqual([{ Id: 'right' }]);
    expect(Failed).toMatchObject([{ Id: 'wrong', Code: 'ReceiptHandleIsInvalid', SenderFault: true }]);
    expect(await attributesOf(QueueUrl, 'ApproximateNumberOfMessagesNotVisible')).toEqual({
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  },

  async 'visibility timeouts can be changed together'({ client, createQueue, send, receive }: Bench) {
    const QueueUrl = await createQueue();
    for (const body of ['a', 'b', 'c']) await send(QueueUrl, body);
    const [first, second] = await receive(QueueUrl);
    const Entries = [first, second].map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    const { Successful = [] } = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toHaveLength(2);
    expect(bodiesOf(await receive(QueueUrl))).toEqual([first?.Body, second?.Body].sort());
  },
};
