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

/** After which a request has failed, in ms. With all its further attempts no operation may last as long as a lease. */
export interface ServiceTimeouts {
  /** Without a connection. */
  connectMs: number;
  /** Without an answer, or without the rest of one. */
  answerMs: number;
  /** The same for payloads, which are up to 16 MB long. */
  payloadMs: number;
  /** Silence of SQS: somebody who waits for messages hears nothing for up to 20 s. */
  pollMs: number;
}

export const serviceTimeouts: ServiceTimeouts = {
  connectMs: 2_000,
  answerMs: 5_000,
  payloadMs: 10_000,
  pollMs: 25_000,
};

/** Region and credentials are those of the environment, or made up for a local stand-in. */
export function createAwsClients(endpoints?: Endpoints, timeouts = serviceTimeouts): AwsClients {
  const { answerMs, payloadMs, pollMs } = timeouts;
  const common = (service: keyof Endpoints, requestTimeout: number, socketTimeout: number) => ({
    // The adapters try again themselves: they have to know whether an attempt may have been carried out.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout,
      // Else it only warns, and waits on.
      throwOnRequestTimeout: true,
      socketTimeout,
    },
    ...(endpoints && {
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      endpoint: endpoints[service],
    }),
  });
  return {
    dynamodb: new DynamoDBClient(common('dynamodb', answerMs, answerMs)),
    sqs: new SQSClient(common('sqs', answerMs, pollMs)),
    s3: new S3Client({ ...common('s3', payloadMs, payloadMs), ...(endpoints && { forcePathStyle: true }) }),
  };
}
