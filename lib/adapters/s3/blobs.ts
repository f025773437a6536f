import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { createCalls } from '../aws-calls.ts';
import { expiryClassFor, expiryTag } from './expiry.ts';
import { keyOf, prefixOf } from './keys.ts';

export interface S3BlobsOptions {
  /** With `maxAttempts: 1`: the adapter tries again itself. */
  client: S3Client;
  bucket: string;
  clock: Clock;
  ids: Pick<Ids, 'fraction'>;
}

/**
 * Objects `<owner>/<name>` of a bucket. One that nobody needs from some time on is tagged with its class of expiry, which
 * the bucket's lifecycle rules go by (`expiry.ts`); without a time, or with a very late one, it is kept until its run is
 * deleted. Who reads needs to be allowed to list the bucket: else S3 answers that access is denied where nothing is.
 */
export function createS3Blobs({ client, bucket: Bucket, clock, ids }: S3BlobsOptions): Blobs {
  const call = createCalls({ clock, ids, service: 'S3' });

  function removeAll(keys: string[]): Promise<void> {
    const Objects = keys.map((Key) => ({ Key }));
    return call('delete payloads', async () => {
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      const [first] = Errors;
      if (first)
        throw partlyFailed(first.Code, `${Errors.length} of ${keys.length}, as ${first.Key}: ${first.Message}`);
    });
  }

  return {
    async put(key, text, expiresAt) {
      const days = expiresAt === undefined ? undefined : expiryClassFor(expiresAt - clock.now());
      const object = {
        Bucket,
        Key: keyOf(key),
        Body: text,
        ContentType: 'application/json',
        ChecksumAlgorithm: 'CRC32' as const,
        ...(days !== undefined && { Tagging: `${expiryTag}=${days}` }),
      };
      await call('store a payload', () => client.send(new PutObjectCommand(object)));
    },

    async get(key) {
      const Key = keyOf(key);
      return call('give a payload', async () => {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          return await Body?.transformToString();
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
          throw error;
        }
      });
    },

    async deleteAll(owner) {
      const Prefix = prefixOf(owner);
      let ContinuationToken: string | undefined;
      do {
        const command = new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken });
        const { Contents = [], NextContinuationToken } = await call('list payloads', () => client.send(command));
        const keys = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
        if (keys.length > 0) await removeAll(keys);
        ContinuationToken = NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },

    async idleOwners() {
      return [];
    },
  };
}

/** S3 answers that all is well, and names in the answer what is not. */
function partlyFailed(name = 'InternalError', message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: {} });
}
