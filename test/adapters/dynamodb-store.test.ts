import { storeSuite } from '../conformance/store-suite.ts';
import { createDynamoSubjects, dynamoGaps } from './dynamodb-local.ts';

storeSuite('DynamoDB', createDynamoSubjects(), dynamoGaps);
