/** Takes batches of messages from the queue and drives their runs. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Delivery } from '../lib/ports/queue.ts';
import { driveBatch } from '../lib/service/drive-batch.ts';
import { type AwsOptions, openAws } from '../lib/wiring/aws/open-aws.ts';
import { createTelemetry } from '../lib/wiring/aws/telemetry.ts';

/** What is left to acknowledge and to return after the last turn has ended, in ms. */
const endMs = 2_000;

export function createDriverHandler(options: AwsOptions) {
  const { observer } = createTelemetry();
  const { ports, toDelivery } = openAws({ observer, ...options });
  const processor = new BatchProcessor(EventType.SQS);

  /** A turn for each record, by its message's id. What is no message of Pawl's ends as a dead letter. */
  function turnsOf(records: SQSRecord[], until: number): Map<string, Promise<void>> {
    const turns = new Map<string, Promise<void>>();
    const add = (id: string, turn: Promise<void>) => {
      // SQS may deliver a message twice, also in one batch.
      const twin = turns.get(id);
      const both = twin === undefined ? turn : Promise.all([twin, turn]).then(() => {});
      // Awaited later: until then a failure is nobody's, which would end the process with all its turns.
      both.catch(() => {});
      turns.set(id, both);
    };
    const readable: { id: string; delivery: Delivery }[] = [];
    for (const record of records) {
      const read = toDelivery(record);
      if ('unreadable' in read) add(record.messageId, Promise.reject(new Error(read.unreadable)));
      else readable.push({ id: record.messageId, delivery: read });
    }
    const deliveries = readable.map(({ delivery }) => delivery);
    for (const [index, turn] of driveBatch(ports, deliveries, { until }).entries()) {
      add((readable[index] as (typeof readable)[number]).id, turn);
    }
    return turns;
  }

  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const until = ports.clock.now() + context.getRemainingTimeInMillis() - endMs;
    const turns = turnsOf(event.Records, until);
    return processPartialResponse(event, ({ messageId }: SQSRecord) => turns.get(messageId), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  };
}
