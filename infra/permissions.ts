/** What each function may do, as data: exact actions on exact resources. */
import type { FunctionName } from './bundling/request.ts';

export interface Permission {
  actions: readonly string[];
  resources: readonly string[];
}

/** ARNs. */
export interface Resources {
  table: string;
  indexes: { status: string; creation: string; correlation: string };
  queue: string;
  deadLetters: string;
  undelivered: string;
  bucket: string;
  encryptionKey?: string | undefined;
}

export function permissionsOf(name: FunctionName, resources: Resources): Permission[] {
  return [...permissions[name](resources), ...keyPermissions(resources)];
}

/** Lambda takes the driver's messages from the queue in the name of the driver. */
const ofEventSource = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

const permissions: Record<FunctionName, (resources: Resources) => Permission[]> = {
  api: ({ table, indexes, queue, deadLetters, bucket }) => [
    may('dynamodb', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'], table),
    may('dynamodb', ['Query'], table, indexes.status, indexes.creation, indexes.correlation),
    may('sqs', ['SendMessage'], queue),
    may('sqs', ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'], deadLetters),
    may('s3', ['PutObject', 'PutObjectTagging', 'GetObject', 'DeleteObject'], objectsOf(bucket)),
    may('s3', ['ListBucket'], bucket),
  ],
  driver: ({ table, queue, bucket }) => [
    may('dynamodb', ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'BatchWriteItem'], table),
    may('sqs', ['SendMessage', 'ChangeMessageVisibility', ...ofEventSource], queue),
    may('s3', ['PutObject', 'PutObjectTagging', 'GetObject'], objectsOf(bucket)),
    // To whom that is not allowed, S3 does not say that an object is missing.
    may('s3', ['ListBucket'], bucket),
  ],
  sweeper: ({ table, indexes, queue, deadLetters, undelivered }) => [
    may('dynamodb', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'], table),
    may('dynamodb', ['Query'], table, indexes.status),
    may('sqs', ['SendMessage'], queue, undelivered),
    may('sqs', ['ReceiveMessage', 'DeleteMessage'], deadLetters),
  ],
  trigger: ({ table, queue, undelivered, bucket }) => [
    may('dynamodb', ['GetItem', 'PutItem', 'UpdateItem', 'BatchWriteItem'], table),
    may('sqs', ['SendMessage'], queue, undelivered),
    may('s3', ['PutObject', 'PutObjectTagging', 'GetObject'], objectsOf(bucket)),
    // As for the driver: a long graph may be missing there.
    may('s3', ['ListBucket'], bucket),
  ],
};

/** DynamoDB, SQS and S3 use the key in the name of whoever calls them. */
function keyPermissions({ encryptionKey }: Resources): Permission[] {
  if (encryptionKey === undefined) return [];
  const actions = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'];
  return [may('kms', actions, encryptionKey)];
}

export function objectsOf(bucketArn: string): string {
  return `${bucketArn}/*`;
}

function may(service: string, actions: readonly string[], ...resources: string[]): Permission {
  return { actions: actions.map((action) => `${service}:${action}`), resources };
}
