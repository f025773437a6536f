/** A message that SQS delivers twice in one batch: one id, two receipts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { type AwsStage, disturbed, openAwsStage } from '../end-to-end/aws-stage.ts';

const batch = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../events/aws/driver-batch-duplicate.json'), 'utf8'),
) as SQSEvent;
const id = 'twice';

function twice(body?: string): SQSEvent {
  return { Records: batch.Records.map((record) => ({ ...record, messageId: id, ...(body && { body }) })) };
}

let stage: AwsStage;
let isOut: boolean;

beforeEach(async () => {
  isOut = false;
  stage = await openAwsStage({
    workflows: {},
    clock: createShiftedClock(),
    eventSource: false,
    wrapClients: (clients) => disturbed(clients, () => (isOut ? { do: 'throttle' } : undefined)),
  });
});
afterEach(() => stage.close());

// What is nobody's failure would end the process, and with it the turns of all other messages.
test('while the store is out it is given back once, and its failure is nobody else’s', async () => {
  isOut = true;
  const answer = stage.passing(stage.aws.invoke('driver', twice()), 1_000);
  expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: id }, { itemIdentifier: id }] });
});

test('unreadable, it is given back, and its failure is nobody else’s', async () => {
  expect(await stage.aws.invoke('driver', twice('no message'))).toEqual({
    batchItemFailures: [{ itemIdentifier: id }, { itemIdentifier: id }],
  });
});
