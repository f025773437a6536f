import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Bench, named } from './sqs-bench.ts';

/** What a server owes about queues themselves. */
export const queueBehaviours = {
  async 'a queue is found by its name and shows how it was created'({ client, newName, attributesOf }: Bench) {
    const QueueName = newName();
    const Attributes = { VisibilityTimeout: '17', DelaySeconds: '3' };
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
    expect(await client.send(new GetQueueUrlCommand({ QueueName }))).toMatchObject({ QueueUrl });
    const shown = await attributesOf(QueueUrl, 'All');
    expect(shown).toMatchObject({
      ...Attributes,
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      ReceiveMessageWaitTimeSeconds: '0',
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      QueueArn: expect.stringMatching(new RegExp(`^arn:aws:sqs:us-east-1:\\d{12}:${QueueName}$`)),
    });
    expect(Object.keys(await attributesOf(QueueUrl, 'DelaySeconds'))).toEqual(['DelaySeconds']);
  },

  async 'a queue that is created again is the same queue'({ client, newName }: Bench) {
    const queue = new CreateQueueCommand({ QueueName: newName(), Attributes: { DelaySeconds: '3' } });
    const [first, second] = [await client.send(queue), await client.send(queue)];
    expect(second.QueueUrl).toBe(first.QueueUrl);
  },

  async 'the name of a queue with other attributes is taken'({ client, newName }: Bench) {
    const QueueName = newName();
    await client.send(new CreateQueueCommand({ QueueName, Attributes: { DelaySeconds: '3' } }));
    await expect(
      client.send(new CreateQueueCommand({ QueueName, Attributes: { DelaySeconds: '4' } })),
    ).rejects.toMatchObject(named('QueueNameExists'));
  },

  async 'a name that no queue can have is refused'({ client }: Bench) {
    for (const QueueName of ['a queue', 'x'.repeat(81), 'ä']) {
      await expect(client.send(new CreateQueueCommand({ QueueName }))).rejects.toMatchObject(
        named('InvalidParameterValue'),
      );
    }
  },

  async 'a queue that is not there is named so'({ client, newName, createQueue, send, receive }: Bench) {
    const missing = { ...named('QueueDoesNotExist'), Code: 'AWS.SimpleQueueService.NonExistentQueue' };
    const url = `${await createQueue()}-none`;
    await expect(client.send(new GetQueueUrlCommand({ QueueName: newName() }))).rejects.toMatchObject(missing);
    await expect(send(url, 'a')).rejects.toMatchObject(missing);
    await expect(receive(url)).rejects.toMatchObject(missing);
  },

  async 'errors that the clients’ model does not know have their bare names'({ createQueue, receive }: Bench) {
    const url = await createQueue();
    await expect(receive(url, { MaxNumberOfMessages: 11 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  async 'queues are listed by the beginning of their names'({ client, newName }: Bench) {
    const QueueNamePrefix = newName('listed');
    for (const end of ['a', 'b', 'c']) {
      await client.send(new CreateQueueCommand({ QueueName: `${QueueNamePrefix}-${end}` }));
    }
    const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix }));
    expect(QueueUrls.map((url) => url.split('-').at(-1)).sort()).toEqual(['a', 'b', 'c']);
  },

  async 'queues are listed in pages for whoever asks for pages'({ client, newName }: Bench) {
    const QueueNamePrefix = newName('paged');
    for (const end of ['a', 'b', 'c']) {
      await client.send(new CreateQueueCommand({ QueueName: `${QueueNamePrefix}-${end}` }));
    }
    const page = { QueueNamePrefix, MaxResults: 2 };
    const { QueueUrls: first = [], NextToken } = await client.send(new ListQueuesCommand(page));
    const { QueueUrls: second = [], NextToken: none } = await client.send(
      new ListQueuesCommand({ ...page, NextToken }),
    );
    expect([first.length, second.length, none]).toEqual([2, 1, undefined]);
    expect(new Set([...first, ...second]).size).toBe(3);
  },

  async 'attributes can be changed and hold from then on'({ client, createQueue, attributesOf, send, receive }: Bench) {
    const QueueUrl = await createQueue({ VisibilityTimeout: '300' });
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '0' } }));
    expect(await attributesOf(QueueUrl, 'VisibilityTimeout')).toEqual({ VisibilityTimeout: '0' });
    await send(QueueUrl, 'a');
    expect(await receive(QueueUrl)).toHaveLength(1);
    expect(await receive(QueueUrl)).toHaveLength(1);
  },

  async 'an attribute out of bounds is refused'({ client, createQueue, newName }: Bench) {
    const QueueUrl = await createQueue();
    const wrong = [{ VisibilityTimeout: '43201' }, { DelaySeconds: '-1' }, { MaximumMessageSize: '1048577' }];
    for (const Attributes of wrong as Partial<Record<QueueAttributeName, string>>[]) {
      const refused = named('InvalidAttributeValue');
      await expect(client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))).rejects.toMatchObject(refused);
      await expect(client.send(new CreateQueueCommand({ QueueName: newName(), Attributes }))).rejects.toMatchObject(
        refused,
      );
    }
  },

  async 'an unknown attribute is refused'({ client, createQueue, attributesOf }: Bench) {
    const QueueUrl = await createQueue();
    const Attributes = { Speed: '1' } as Partial<Record<QueueAttributeName, string>>;
    const refused = named('InvalidAttributeName');
    await expect(client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))).rejects.toMatchObject(refused);
    await expect(attributesOf(QueueUrl, 'Speed' as QueueAttributeName)).rejects.toMatchObject(refused);
  },

  async 'a redrive policy without an address or with a count out of bounds is refused'({
    createQueue,
    attributesOf,
  }: Bench) {
    const arn = (await attributesOf(await createQueue(), 'QueueArn')).QueueArn;
    const wrong = [
      { deadLetterTargetArn: 'dummy', maxReceiveCount: 3 },
      { deadLetterTargetArn: arn, maxReceiveCount: 0 },
      { deadLetterTargetArn: arn, maxReceiveCount: 1_001 },
      { deadLetterTargetArn: arn },
    ];
    for (const policy of wrong) {
      await expect(createQueue({ RedrivePolicy: JSON.stringify(policy) })).rejects.toMatchObject(
        named('InvalidParameterValue'),
      );
    }
  },

  async 'a purge removes every message'({ client, createQueue, send, receive, attributesOf }: Bench) {
    const QueueUrl = await createQueue();
    for (const body of ['a', 'b', 'c']) await send(QueueUrl, body);
    await send(QueueUrl, 'delayed', { DelaySeconds: 900 });
    await receive(QueueUrl, { MaxNumberOfMessages: 1 });
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await receive(QueueUrl)).toEqual([]);
    expect(
      await attributesOf(QueueUrl, 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'),
    ).toEqual({ ApproximateNumberOfMessagesNotVisible: '0', ApproximateNumberOfMessagesDelayed: '0' });
  },

  async 'a second purge within a minute is refused'({ client, createQueue }: Bench) {
    const QueueUrl = await createQueue();
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    await expect(client.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject(named('PurgeQueueInProgress'));
  },
};
