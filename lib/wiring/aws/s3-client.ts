import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings, type Endpoints, serviceTimeouts } from './clients.ts';

export function createS3Client(endpoints?: Endpoints, timeouts = serviceTimeouts): S3Client {
  const { payloadMs } = timeouts;
  return new S3Client({
    ...clientSettings('s3', endpoints, timeouts, { requestTimeout: payloadMs, socketTimeout: payloadMs }),
    ...(endpoints && { forcePathStyle: true }),
  });
}
