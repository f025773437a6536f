/** Takes batches of messages from the queue and drives their runs. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { driveBatch } from '../lib/service/drive-batch.ts';
import { type AwsOptions, openAws } from '../lib/wiring/aws/open-aws.ts';
import { createTelemetry } from '../lib/wiring/aws/telemetry.ts';

/** What is left to acknowledge and to return after the last turn has ended, in ms. */
const endMs = 2_000;

export function createDriverHandler(options: AwsOptions) {
  const { observer } = createTelemetry('driver');
  const { ports, toDelivery } = openAws({ observer, ...options });
  const processor = new BatchProcessor(EventType.SQS);

  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const until = ports.clock.now() + context.getRemainingTimeInMillis() - endMs;
    const read = event.Records.map((record) => ({ id: record.messageId, delivery: toDelivery(record) }));
    const readable = read.flatMap(({ id, delivery }) => ('message' in delivery ? [{ id, delivery }] : []));
    const turns = driveBatch(
      ports,
      readable.map(({ delivery }) => delivery),
      { until },
    );
    const turnOf = new Map(readable.map(({ id }, index) => [id, turns[index]]));
    const unreadable = new Map(
      read.flatMap(({ id, delivery }) => ('unreadable' in delivery ? [[id, delivery.unreadable]] : [])),
    );
    return processPartialResponse(
      event,
      async ({ messageId }: SQSRecord) => {
        const why = unreadable.get(messageId);
        if (why !== undefined) throw new Error(`The message ${messageId} is none of Pawl's: ${why}`);
        await turnOf.get(messageId);
      },
      processor,
      { context, throwOnFullBatchFailure: false },
    );
  };
}
