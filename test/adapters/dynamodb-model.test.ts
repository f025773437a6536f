import { storeModelSuite } from '../conformance/store-model.ts';
import { createDynamoSubjects, dynamoGaps } from './dynamodb-local.ts';

storeModelSuite('the store on DynamoDB', createDynamoSubjects(), {
  runs: Number(process.env.PAWL_MODEL_RUNS ?? 20),
  gaps: dynamoGaps,
});
