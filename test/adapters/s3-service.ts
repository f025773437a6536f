import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type S3Faults, startLocalS3 } from '../../lib/dev/s3/server.ts';

export function s3ClientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

/** A bucket at a local S3, and the real client. */
export async function startS3Service({ faults = {} }: { faults?: S3Faults } = {}) {
  const s3 = await startLocalS3({ faults });
  const client = s3ClientOf(s3.url);
  const bucket = 'payloads';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    client,
    bucket,
    buckets: s3.buckets,
    async dispose() {
      client.destroy();
      await s3.close();
    },
  };
}
