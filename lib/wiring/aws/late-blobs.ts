import type { S3BlobsOptions } from '../../adapters/s3/blobs.ts';
import type { Blobs } from '../../ports/blobs.ts';

/**
 * The bucket's payloads, with a client that is loaded when somebody first has one: most runs have none that is too large
 * for the journal, and every cold start would wait for it. `client`: default that of the environment.
 */
export function createLateBlobs({
  client,
  ...options
}: Omit<S3BlobsOptions, 'client'> & Partial<Pick<S3BlobsOptions, 'client'>>): Blobs {
  let loading: Promise<Blobs> | undefined;

  async function load(): Promise<Blobs> {
    const [{ createS3Blobs }, { createS3Client }] = await Promise.all([
      import('../../adapters/s3/blobs.ts'),
      import('./s3-client.ts'),
    ]);
    return createS3Blobs({ client: client ?? createS3Client(), ...options });
  }

  const blobs = (): Promise<Blobs> => {
    loading ??= load();
    return loading;
  };
  return {
    put: async (key, text, expiresAt) => (await blobs()).put(key, text, expiresAt),
    get: async (key) => (await blobs()).get(key),
    deleteAll: async (owner) => (await blobs()).deleteAll(owner),
    idleOwners: async (before) => (await blobs()).idleOwners(before),
  };
}
