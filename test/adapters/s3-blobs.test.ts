import { GetObjectTaggingCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { createS3Blobs } from '../../lib/adapters/s3/blobs.ts';
import { expiryClasses, expiryClassFor, expiryTag } from '../../lib/adapters/s3/expiry.ts';
import type { S3Faults } from '../../lib/dev/s3/server.ts';
import { createSeededIds } from '../../lib/testing/seeded-ids.ts';
import { blobsSuite } from '../conformance/blobs-suite.ts';
import { passTime } from './pass-time.ts';
import { s3ClientOf, startS3Service } from './s3-service.ts';

const ids = createSeededIds(1);
const dayMs = 24 * 60 * 60 * 1_000;
const gaps = { idleOwners: 'the bucket deletes what has expired' };

blobsSuite(
  'S3',
  async () => {
    const { client, bucket, dispose } = await startS3Service();
    return { blobs: createS3Blobs({ client, bucket, clock: createVirtualClock(), ids }), dispose };
  },
  gaps,
);

describe('another S3', () => {
  let fauxqs: Awaited<ReturnType<typeof startFauxqs>>;
  let buckets = 0;
  beforeAll(async () => {
    fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  });
  afterAll(() => fauxqs.stop());

  blobsSuite(
    'fauxqs',
    () => {
      buckets += 1;
      const bucket = `payloads-${buckets}`;
      fauxqs.createBucket(bucket);
      const client = s3ClientOf(`http://127.0.0.1:${fauxqs.port}`);
      const blobs = createS3Blobs({ client, bucket, clock: createVirtualClock(), ids });
      return { blobs, dispose: () => client.destroy() };
    },
    gaps,
  );
});

describe('blobs on S3', () => {
  const clock = createVirtualClock();
  let dispose = async () => {};
  afterEach(() => dispose());

  async function start(faults: S3Faults = {}) {
    const service = await startS3Service({ faults });
    dispose = service.dispose;
    const { client, bucket, buckets } = service;
    const keys = async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key }) => Key);
    };
    return { client, bucket, buckets, keys, blobs: createS3Blobs({ client, bucket, clock, ids }) };
  }

  const passing = <T>(work: Promise<T>) => passTime(clock, work);

  test.each([
    ['a day', 1, '30'],
    ['30 days', 30, '30'],
    ['31 days', 31, '90'],
    ['a year', 365, '365'],
    ['four years', 4 * 365, '1500'],
    ['longer than any class', 1_501, undefined],
  ])('what is needed for %s is tagged with the smallest class that covers it', async (_, days, expected) => {
    const { blobs, client, bucket } = await start();
    await blobs.put('run/a', 'text', clock.now() + days * dayMs);
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'run/a' }));
    expect(TagSet).toEqual(expected === undefined ? [] : [{ Key: expiryTag, Value: expected }]);
  });

  test('what is needed for good has no tag, and no rule deletes it', async () => {
    const { blobs, client, bucket } = await start();
    await blobs.put('run/a', 'text');
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'run/a' }));
    expect(TagSet).toEqual([]);
  });

  test('a class of expiry never ends before what it is for', () => {
    for (let days = 0; days <= 1_500; days += 0.5) expect(expiryClassFor(days * dayMs)).toBeGreaterThanOrEqual(days);
    expect([...expiryClasses].sort((a, b) => a - b)).toEqual([...expiryClasses]);
    expect(expiryClassFor(-5 * dayMs)).toBe(expiryClasses[0]);
  });

  test('a payload goes out as JSON with a checksum that S3 keeps', async () => {
    const { blobs, client, bucket } = await start();
    await blobs.put('run/a', '{"a":"ä"}');
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'run/a', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ContentType: 'application/json',
      ChecksumCRC32: expect.any(String),
      ContentLength: 10,
    });
  });

  test('removes all blobs of a run, however many pages they fill', async () => {
    const { blobs, bucket, buckets, keys } = await start();
    for (let index = 0; index < 2_003; index += 1) {
      buckets.put(bucket, `run-1/${index}`, { bytes: Buffer.from('1'), modifiedAt: clock.now() });
    }
    await blobs.put('run-2/a', '1');
    await blobs.deleteAll('run-1');
    expect(await keys()).toEqual(['run-2/a']);
  });

  test('a blob that S3 does not delete is reported, and the others are gone', async () => {
    const { blobs, keys } = await start({ keeps: (key) => (key === 'run/b' ? 'InvalidRequest' : undefined) });
    for (const name of ['run/a', 'run/b', 'run/c']) await blobs.put(name, '1');
    await expect(blobs.deleteAll('run')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/delete payloads: InvalidRequest: 1 of 3, as run\/b/),
    });
    expect(await keys()).toEqual(['run/b']);
  });

  test('a blob that S3 does not delete at first is deleted by a further attempt', async () => {
    let refusals = 2;
    const { blobs, keys } = await start({
      keeps: () => {
        refusals -= 1;
        return refusals >= 0 ? 'InternalError' : undefined;
      },
    });
    await blobs.put('run/a', '1');
    await passing(blobs.deleteAll('run'));
    expect(await keys()).toEqual([]);
  });

  test('what fails for a moment is tried again', async () => {
    const troubles = ['slow down', 'failed', 'cut off', undefined] as const;
    const calls: Record<string, number> = {};
    const { blobs, keys } = await start({
      call: (operation) => {
        const count = calls[operation] ?? 0;
        calls[operation] = count + 1;
        return operation === 'CreateBucket' ? undefined : troubles[count % troubles.length];
      },
    });
    await passing(blobs.put('run/a', 'text'));
    expect(await passing(blobs.get('run/a'))).toBe('text');
    await passing(blobs.deleteAll('run'));
    expect(calls).toMatchObject({ PutObject: 4, GetObject: 4, ListObjectsV2: 4, DeleteObjects: 4 });
    calls.ListObjectsV2 = 3;
    expect(await keys()).toEqual([]);
  });

  test('what goes on failing is a fault that names the service, the call and the cause', async () => {
    const { blobs } = await start({ call: (name) => (name === 'GetObject' ? 'slow down' : undefined) });
    await expect(passing(blobs.get('run/a'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^S3 cannot give a payload now: SlowDown/),
      cause: { name: 'SlowDown' },
    });
  });

  test('a bucket that is not there is no missing blob', async () => {
    const { client } = await start();
    const blobs = createS3Blobs({ client, bucket: 'elsewhere', clock, ids });
    const refused = { code: 'refused', message: expect.stringContaining('NoSuchBucket') };
    await expect(blobs.get('run/a')).rejects.toMatchObject(refused);
    await expect(blobs.put('run/a', 'text')).rejects.toMatchObject(refused);
    await expect(blobs.deleteAll('run')).rejects.toMatchObject(refused);
  });

  test.each(['a', '/a', 'run/', ''])('a key without run or name is refused: %o', async (key) => {
    const { blobs } = await start();
    await expect(blobs.put(key, 'text')).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
