import { createSqsQueue } from '../../lib/adapters/sqs/queue.ts';
import { createSeededIds } from '../../lib/testing/seeded-ids.ts';
import { queueSuite } from '../conformance/queue-suite.ts';
import { startSqsService } from './sqs-service.ts';

queueSuite('SQS', async (settings) => {
  const service = await startSqsService(settings);
  const { client, queueUrl, deadLetterQueueUrl, isWaiting, dispose } = service;
  const queue = createSqsQueue({
    client,
    queueUrl,
    deadLetterQueueUrl,
    clock: settings.clock,
    ids: createSeededIds(1),
  });
  return { queue, isWaiting, dispose };
});
