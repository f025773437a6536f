import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
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
export function clientSettings(
  service: keyof Endpoints,
  endpoints: Endpoints | undefined,
  { connectMs }: ServiceTimeouts,
  { requestTimeout, socketTimeout }: { requestTimeout: number; socketTimeout: number },
) {
  return {
    // The adapters try again themselves: they have to know whether an attempt may have been carried out.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: connectMs,
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
  };
}

/** Those that every function needs. That of S3 is loaded when it is needed (`late-blobs.ts`). */
export function createFirstClients(
  endpoints?: Endpoints,
  timeouts = serviceTimeouts,
): Pick<AwsClients, 'dynamodb' | 'sqs'> {
  const { answerMs: requestTimeout, pollMs } = timeouts;
  const settings = (service: keyof Endpoints, socketTimeout: number) =>
    clientSettings(service, endpoints, timeouts, { requestTimeout, socketTimeout });
  return {
    dynamodb: new DynamoDBClient(settings('dynamodb', requestTimeout)),
    sqs: new SQSClient(settings('sqs', pollMs)),
  };
}
