import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';

export interface StoredObject {
  bytes: Buffer;
  /** With its quotes. */
  etag: string;
  /** In ms. */
  modifiedAt: number;
  /** Given back as they came: type, encoding, the user's metadata. */
  headers: Readonly<Record<string, string>>;
  checksum: { header: string; value: string } | undefined;
  tags: ReadonlyMap<string, string>;
}

type GivenObject = Pick<StoredObject, 'bytes' | 'modifiedAt'> & Partial<Omit<StoredObject, 'etag'>>;

interface Listing {
  keys: string[];
  /** Where the next page goes on. */
  next: string | undefined;
}

/** Buckets by name, without any protocol. In memory. */
export interface Buckets {
  /** Throws `BucketAlreadyOwnedByYou`. */
  create(bucket: string): void;
  /** Throws `NoSuchBucket`, as all that follow do. */
  assertExists(bucket: string): void;
  put(bucket: string, key: string, object: GivenObject): StoredObject;
  get(bucket: string, key: string): StoredObject | undefined;
  /** It need not be there. */
  remove(bucket: string, key: string): void;
  /** In the order of their UTF-8. */
  list(bucket: string, options: { prefix: string; after: string; max: number }): Listing;
}

const longestKeyBytes = 1_024;

export function createBuckets(): Buckets {
  const buckets = new Map<string, Map<string, StoredObject>>();

  function objectsOf(bucket: string): Map<string, StoredObject> {
    const objects = buckets.get(bucket);
    if (objects === undefined) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
    return objects;
  }

  return {
    create(bucket) {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
        throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
      }
      if (buckets.has(bucket)) {
        throw new S3Error('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.');
      }
      buckets.set(bucket, new Map());
    },

    assertExists(bucket) {
      objectsOf(bucket);
    },

    put(bucket, key, given) {
      const objects = objectsOf(bucket);
      if (Buffer.byteLength(key) > longestKeyBytes) throw new S3Error('KeyTooLongError', 'Your key is too long.');
      const object = {
        headers: {},
        checksum: undefined,
        tags: new Map(),
        ...given,
        etag: `"${createHash('md5').update(given.bytes).digest('hex')}"`,
      };
      objects.set(key, object);
      return object;
    },

    get: (bucket, key) => objectsOf(bucket).get(key),

    remove(bucket, key) {
      objectsOf(bucket).delete(key);
    },

    list(bucket, { prefix, after, max }) {
      const keys = [...objectsOf(bucket).keys()]
        .filter((key) => key.startsWith(prefix) && (after === '' || compareBytes(key, after) > 0))
        .sort(compareBytes);
      const page = keys.slice(0, max);
      return { keys: page, next: page.length < keys.length ? page.at(-1) : undefined };
    },
  };
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
