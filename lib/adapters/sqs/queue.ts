import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { type Delivery, type Queue, repeated } from '../../ports/queue.ts';
import { createCalls } from '../aws-calls.ts';
import { toBody, toDelivery } from './message.ts';
import { createOneQueue, type OneQueue } from './one-queue.ts';

export interface SqsQueueOptions {
  /** With `maxAttempts: 1`: the adapter tries again itself. Its socket timeout has to exceed the longest `waitMs`. */
  client: SQSClient;
  /** Standard queues. The first one's redrive policy names the second, and says how many receives a message has. */
  queueUrl: string;
  deadLetterQueueUrl: string;
  clock: Clock;
  ids: Pick<Ids, 'fraction'>;
  /** The X-Ray trace that messages sent now belong to, if any. */
  traceHeader?: () => string | undefined;
}

/** Letters that one receive can give. */
const lettersAtOnce = 10;
/** Receives that find nothing but unreadable letters before no more are tried. */
const mostPassedOver = 20;
/** A redrive ends after this, before who asked for it stops waiting. What is left is for the next one. */
const redriveMs = 20_000;
/** A receive without waiting asks some of the servers only, so that nothing need not mean that nothing is there. */
const mostEmptyReceives = 3;

/**
 * A standard queue of SQS and the one that its dead letters go to. How long a message is invisible, and how many receives
 * it has, are settings of these queues. What cannot be read is passed over and never dropped: it becomes a dead letter,
 * stays one, and is sent again with the others as it is, since newer code may be able to read it.
 */
export function createSqsQueue({
  client,
  queueUrl,
  deadLetterQueueUrl,
  clock,
  ids,
  traceHeader = () => undefined,
}: SqsQueueOptions): Queue {
  const call = createCalls({ clock, ids, service: 'SQS' });
  const messages = createOneQueue({ client, call, queueUrl });
  const letters = createOneQueue({ client, call, queueUrl: deadLetterQueueUrl });

  return {
    durable: true,

    async send(message, { delayMs = 0 } = {}) {
      await messages.send({
        body: toBody(message),
        again: () => toBody(repeated(message)),
        delayMs,
        trace: traceHeader(),
      });
    },

    async receive({ max, waitMs }) {
      return readable(await messages.receive({ max, waitMs }));
    },

    ack: messages.remove,
    retry: messages.showIn,

    countDeadLetters: () => letters.count('ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'),

    async receiveDeadLetters(max) {
      for (let turn = 0; turn < mostPassedOver; turn += 1) {
        const found = await letters.receive({ max });
        const deliveries = readable(found);
        if (deliveries.length > 0 || found.length === 0) return deliveries;
      }
      return [];
    },

    dropDeadLetter: letters.remove,

    async redrive() {
      const until = clock.now() + redriveMs;
      let redriven = 0;
      let emptyReceives = 0;
      while (clock.now() < until && emptyReceives < mostEmptyReceives) {
        const found = await letters.receive({ max: lettersAtOnce });
        if (found.length === 0) {
          if ((await letters.count('ApproximateNumberOfMessages')) === 0) break;
          emptyReceives += 1;
          continue;
        }
        emptyReceives = 0;
        const moves = await Promise.allSettled(found.map((letter) => move(letter, letters, messages)));
        for (const moved of moves) if (moved.status === 'rejected') throw moved.reason;
        redriven += found.length;
      }
      return redriven;
    },
  };
}

/** Sent first, removed afterwards: if it fails in between the message is there twice, and not lost. */
async function move(message: Message, from: OneQueue, to: OneQueue): Promise<void> {
  const { Body: body = '', MessageAttributes: attributes, Attributes, ReceiptHandle = '' } = message;
  await to.send({ body, attributes, trace: Attributes?.AWSTraceHeader });
  await from.remove(ReceiptHandle);
}

function readable(messages: readonly Message[]): Delivery[] {
  return messages.flatMap(({ Body = '', ReceiptHandle = '', Attributes = {} }) => {
    const { ApproximateReceiveCount = '1' } = Attributes;
    const delivery = toDelivery({ body: Body, receiptHandle: ReceiptHandle, attributes: { ApproximateReceiveCount } });
    return 'unreadable' in delivery ? [] : [delivery];
  });
}
