/** The operations of SQS, from parameters to answers, as its API reference has them. */
import { batchOf } from './batch.ts';
import {
  type Attributes,
  assertContent,
  type Content,
  chosenAttributes,
  md5,
  md5OfAttributes,
  sizeOf,
} from './content.ts';
import { accountId, type SqsCore } from './core.ts';
import { SqsError } from './errors.ts';
import { assertWithin, contentOf, parameters, parse } from './parameters.ts';
import type { LocalQueue, ReceivedMessage, StoredMessage } from './queue.ts';
import { largestMessageBytes, numberOf, settingNames } from './settings.ts';

interface Surroundings {
  core: SqsCore;
  /** Under which queues are addressed. */
  baseUrl: string;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
}

type Operation = (input: unknown, surroundings: Surroundings) => unknown;

const mostListed = 1_000;

/** By name; `undefined` for what this stand-in does not do. */
export function operationOf(name: string): Operation | undefined {
  return Object.hasOwn(operations, name) ? operations[name] : undefined;
}

const operations: Record<string, Operation> = {
  CreateQueue(input, { core, baseUrl }) {
    const { QueueName, Attributes } = parse(parameters.CreateQueue, input);
    return { QueueUrl: urlOf(core.create(QueueName, Attributes), baseUrl) };
  },

  GetQueueUrl(input, { core, baseUrl }) {
    return { QueueUrl: urlOf(core.get(parse(parameters.GetQueueUrl, input).QueueName), baseUrl) };
  },

  ListQueues(input, { core, baseUrl }) {
    const { QueueNamePrefix = '', MaxResults, NextToken } = parse(parameters.ListQueues, input);
    assertWithin(MaxResults, 'MaxResults', { from: 1, to: mostListed });
    const names = core
      .list()
      .map(({ name }) => name)
      .filter((name) => name.startsWith(QueueNamePrefix) && (NextToken === undefined || name > NextToken))
      .sort();
    const page = names.slice(0, MaxResults ?? mostListed);
    return {
      QueueUrls: page.map((name) => urlOf({ name }, baseUrl)),
      // Only who asked for pages gets them.
      ...(MaxResults !== undefined && page.length < names.length && { NextToken: page.at(-1) }),
    };
  },

  GetQueueAttributes(input, { core }) {
    const { QueueUrl, AttributeNames } = parse(parameters.GetQueueAttributes, input);
    const all = attributesOf(find(core, QueueUrl));
    const unknown = AttributeNames.find((name) => name !== 'All' && !settingNames.has(name) && !(name in all));
    if (unknown !== undefined) throw new SqsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const chosen = Object.entries(all).filter(
      ([name]) => AttributeNames.includes('All') || AttributeNames.includes(name),
    );
    return { Attributes: Object.fromEntries(chosen) };
  },

  SetQueueAttributes(input, { core }) {
    const { QueueUrl, Attributes } = parse(parameters.SetQueueAttributes, input);
    core.change(find(core, QueueUrl).name, Attributes);
    return {};
  },

  PurgeQueue(input, { core }) {
    core.purge(find(core, parse(parameters.PurgeQueue, input).QueueUrl).name);
    return {};
  },

  SendMessage(input, { core }) {
    const given = parse(parameters.SendMessage, input);
    return send(find(core, given.QueueUrl), contentOf(given), given.DelaySeconds);
  },

  SendMessageBatch(input, { core }) {
    const { QueueUrl, Entries } = parse(parameters.SendMessageBatch, input);
    const queue = find(core, QueueUrl);
    return batchOf(Entries, parameters.SendMessageBatchEntry, {
      beforeAny: (entries) => assertBatchSize(entries.map(contentOf)),
      each: (entry) => send(queue, contentOf(entry), entry.DelaySeconds),
    });
  },

  async ReceiveMessage(input, { core, signal }) {
    const given = parse(parameters.ReceiveMessage, input);
    const queue = find(core, given.QueueUrl);
    const { MaxNumberOfMessages: max = 1, VisibilityTimeout, WaitTimeSeconds } = given;
    assertWithin(max, 'MaxNumberOfMessages', { from: 1, to: 10 });
    assertWithin(WaitTimeSeconds, 'WaitTimeSeconds', { from: 0, to: 20 });
    assertWithin(VisibilityTimeout, 'VisibilityTimeout', { from: 0, to: 43_200 });
    const received = await queue.receive({
      max,
      waitMs: (WaitTimeSeconds ?? numberOf(queue.settings, 'ReceiveMessageWaitTimeSeconds')) * 1_000,
      visibilityMs: VisibilityTimeout === undefined ? undefined : VisibilityTimeout * 1_000,
      signal,
    });
    const systemNames = [...given.AttributeNames, ...given.MessageSystemAttributeNames];
    const Messages = received.map((one) => shown(one, systemNames, given.MessageAttributeNames));
    return Messages.length === 0 ? {} : { Messages };
  },

  DeleteMessage(input, { core }) {
    const { QueueUrl, ReceiptHandle } = parse(parameters.DeleteMessage, input);
    find(core, QueueUrl).remove(ReceiptHandle);
    return {};
  },

  DeleteMessageBatch(input, { core }) {
    const { QueueUrl, Entries } = parse(parameters.DeleteMessageBatch, input);
    const queue = find(core, QueueUrl);
    return batchOf(Entries, parameters.DeleteMessageBatchEntry, {
      each({ ReceiptHandle }) {
        queue.remove(ReceiptHandle);
        return {};
      },
    });
  },

  ChangeMessageVisibility(input, { core }) {
    const { QueueUrl, ...change } = parse(parameters.ChangeMessageVisibility, input);
    changeVisibility(find(core, QueueUrl), change);
    return {};
  },

  ChangeMessageVisibilityBatch(input, { core }) {
    const { QueueUrl, Entries } = parse(parameters.ChangeMessageVisibilityBatch, input);
    const queue = find(core, QueueUrl);
    return batchOf(Entries, parameters.ChangeMessageVisibilityBatchEntry, {
      each(entry) {
        changeVisibility(queue, entry);
        return {};
      },
    });
  },
};

function urlOf({ name }: Pick<LocalQueue, 'name'>, baseUrl: string): string {
  return `${baseUrl}/${accountId}/${name}`;
}

function find(core: SqsCore, queueUrl: string): LocalQueue {
  return core.get(queueUrl.split('/').at(-1) ?? '');
}

function send(queue: LocalQueue, content: Content, delaySeconds: number | undefined) {
  assertWithin(delaySeconds, 'DelaySeconds', { from: 0, to: 900 });
  assertContent(content);
  const most = numberOf(queue.settings, 'MaximumMessageSize');
  if (sizeOf(content) > most) {
    throw new SqsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`,
    );
  }
  const messageId = queue.send(content, delaySeconds === undefined ? undefined : delaySeconds * 1_000);
  const ofAttributes = md5OfAttributes(content.attributes);
  const ofSystemAttributes = md5OfAttributes(content.systemAttributes);
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5(content.body),
    ...(ofAttributes && { MD5OfMessageAttributes: ofAttributes }),
    ...(ofSystemAttributes && { MD5OfMessageSystemAttributes: ofSystemAttributes }),
  };
}

function assertBatchSize(contents: readonly Content[]): void {
  const bytes = contents.reduce((sum, content) => sum + sizeOf(content), 0);
  if (bytes > largestMessageBytes) {
    throw new SqsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${largestMessageBytes} bytes. You have sent ${bytes} bytes.`,
    );
  }
}

function changeVisibility(
  queue: LocalQueue,
  { ReceiptHandle, VisibilityTimeout }: { ReceiptHandle: string; VisibilityTimeout: number },
): void {
  assertWithin(VisibilityTimeout, 'VisibilityTimeout', { from: 0, to: 43_200 });
  queue.changeVisibility(ReceiptHandle, VisibilityTimeout * 1_000);
}

function attributesOf(queue: LocalQueue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  return {
    ...queue.settings,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
    LastModifiedTimestamp: String(Math.floor(queue.settingsChangedAt / 1_000)),
  };
}

function shown({ message, handle }: ReceivedMessage, systemNames: string[], attributeNames: string[]) {
  const { content } = message;
  const chosen: Attributes = chosenAttributes(content.attributes, attributeNames);
  const system = Object.entries(systemAttributesOf(message)).filter(
    ([name, value]) => value !== undefined && (systemNames.includes('All') || systemNames.includes(name)),
  );
  const ofAttributes = md5OfAttributes(chosen);
  return {
    MessageId: message.messageId,
    ReceiptHandle: handle,
    Body: content.body,
    MD5OfBody: md5(content.body),
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(ofAttributes && { MessageAttributes: chosen, MD5OfMessageAttributes: ofAttributes }),
  };
}

function systemAttributesOf(message: StoredMessage): Record<string, string | undefined> {
  return {
    SenderId: accountId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    AWSTraceHeader: message.content.systemAttributes.AWSTraceHeader?.StringValue,
    DeadLetterQueueSourceArn: message.deadLetterSourceArn,
  };
}
