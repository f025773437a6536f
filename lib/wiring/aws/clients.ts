import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** The services that Pawl works with on AWS. */
export interface AwsClients {
  dynamodb: DynamoDBClient;
  sqs: SQSClient;
  s3: S3Client;
}

/** Where the services answer, if not at AWS: a local stand-in. */
export interface Endpoints {
  dynamodb: string;
  sqs: string;
  s3: string;
}

/** Region and credentials are those of the environment, or made up for a local stand-in. */
export function createAwsClients(endpoints?: Endpoints): AwsClients {
  // The adapters try again themselves: they have to know whether an attempt may have been carried out.
  const common = {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 },
    ...(endpoints && {
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  };
  const at = (service: keyof Endpoints) => (endpoints ? { endpoint: endpoints[service] } : {});
  return {
    dynamodb: new DynamoDBClient({ ...common, ...at('dynamodb') }),
    sqs: new SQSClient({
      ...common,
      ...at('sqs'),
      requestHandler: { connectionTimeout: 2_000, requestTimeout: 25_000 },
    }),
    s3: new S3Client({ ...common, ...at('s3'), ...(endpoints && { forcePathStyle: true }) }),
  };
}
