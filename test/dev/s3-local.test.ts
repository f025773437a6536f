import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalS3, startLocalS3 } from '../../lib/dev/s3/server.ts';
import { s3ClientOf } from '../adapters/s3-service.ts';

const Bucket = 'bucket';
const at = Date.UTC(2030, 0, 1);

describe('a local S3', () => {
  let s3: LocalS3;
  let client: S3Client;

  beforeEach(async () => {
    s3 = await startLocalS3({ clock: { now: () => at } });
    client = s3ClientOf(s3.url);
    await client.send(new CreateBucketCommand({ Bucket }));
  });
  afterEach(async () => {
    client.destroy();
    await s3.close();
  });

  const put = (Key: string, Body = 'text', more = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = async (Key: string) => {
    const { Body, ...rest } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return { text: await Body?.transformToString(), ...rest };
  };
  const ask = (path: string, init: RequestInit = {}) => fetch(`${s3.url}/${path}`, init);

  test('gives back an object with what was said of it', async () => {
    const about = { ContentType: 'application/json', ContentEncoding: 'gzip', Metadata: { by: 'zoe' } };
    const { ETag, ChecksumCRC32 } = await put('a', '{}', about);
    expect(ETag).toBe('"99914b932bd37a50b983c5e7c90ae93b"');
    expect(await get('a')).toMatchObject({
      text: '{}',
      ...about,
      ETag,
      ChecksumCRC32,
      ContentLength: 2,
      LastModified: new Date(at),
    });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }));
    expect(head).toMatchObject({ ...about, ETag, ContentLength: 2 });
  });

  test('takes what the client streams in chunks with a checksum at the end', async () => {
    const parts = ['first ', 'and ', 'second'];
    const Body = Readable.from(parts.map((part) => Buffer.from(part)));
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ContentLength: parts.join('').length }));
    expect(await get('a')).toMatchObject({ text: 'first and second', ChecksumCRC32: expect.any(String) });
    expect((await get('a')).ContentEncoding).toBeUndefined();
  });

  test.each(['SHA1', 'SHA256', 'CRC32'] as const)('knows checksums by %s', async (ChecksumAlgorithm) => {
    const given = await put('a', 'text', { ChecksumAlgorithm });
    expect(await get('a')).toMatchObject({
      [`Checksum${ChecksumAlgorithm}`]: given[`Checksum${ChecksumAlgorithm}`] ?? 'none',
    });
  });

  test('refuses a checksum that does not fit, or that it does not know', async () => {
    const wrong = await ask('bucket/a', {
      method: 'PUT',
      body: 'text',
      headers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
    });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
    const md5 = await ask('bucket/a', { method: 'PUT', body: 'text', headers: { 'content-md5': 'AAAA' } });
    expect([md5.status, await md5.text()]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
    const unknown = await ask('bucket/a', {
      method: 'PUT',
      body: 'text',
      headers: { 'x-amz-checksum-crc32c': 'AAAAAA==' },
    });
    expect([unknown.status, await unknown.text()]).toEqual([501, expect.stringContaining('NotImplemented')]);
    expect(s3.buckets.get(Bucket, 'a')).toBeUndefined();
  });

  test.each([
    ['ends within a chunk', '6\r\nfirst', {}],
    ['has no sizes', 'first', {}],
    ['is shorter than announced', '5\r\nfirst\r\n0\r\n\r\n', { 'x-amz-decoded-content-length': '6' }],
  ])('refuses a body in chunks that %s', async (_, body, more) => {
    const headers = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', ...more };
    const response = await ask('bucket/a', { method: 'PUT', body, headers });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('IncompleteBody')]);
  });

  test.each(['a b', 'a&b<c>"d"', "it's", 'ключ/🔑', 'a%2Fb', 'a+b=c', '100%', 'a//b', 'x?y#z'])(
    'takes the key %s everywhere',
    async (key) => {
      await put(key, key);
      expect((await get(key)).text).toBe(key);
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: key }));
      expect(Contents.map(({ Key }) => Key)).toEqual([key]);
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));
      expect(s3.buckets.get(Bucket, key)).toBeUndefined();
    },
  );

  test('says what is not there', async () => {
    await expect(get('none')).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
    const elsewhere = { Bucket: 'elsewhere' };
    for (const command of [
      new GetObjectCommand({ ...elsewhere, Key: 'a' }),
      new PutObjectCommand({ ...elsewhere, Key: 'a', Body: 'a' }),
      new DeleteObjectCommand({ ...elsewhere, Key: 'a' }),
      new ListObjectsV2Command(elsewhere),
      new DeleteObjectsCommand({ ...elsewhere, Delete: { Objects: [{ Key: 'a' }] } }),
    ]) {
      await expect(client.send(command as GetObjectCommand)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    }
  });

  test('a bucket is made once, and has a name that buckets have', async () => {
    await client.send(new HeadBucketCommand({ Bucket }));
    await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
    const response = await ask('Bucket', { method: 'PUT' });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('InvalidBucketName')]);
  });

  test('lists in the order of bytes, by prefix, in pages', async () => {
    for (const key of ['run/b', 'run/a', 'run/ä', 'run/B', 'other']) await put(key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'run/', MaxKeys: 3, ContinuationToken }),
      );
      pages.push((page.Contents ?? []).map(({ Key }) => Key));
      expect(page.KeyCount).toBe(page.Contents?.length);
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken !== undefined);
    expect(pages).toEqual([['run/B', 'run/a', 'run/b'], ['run/ä']]);
    const after = await client.send(new ListObjectsV2Command({ Bucket, StartAfter: 'run/b' }));
    expect(after.Contents).toMatchObject([{ Key: 'run/ä', Size: 4, LastModified: new Date(at) }]);
  });

  test('deletes one or many, whether or not they are there', async () => {
    for (const key of ['a', 'b', 'c']) await put(key);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const Objects = [{ Key: 'b' }, { Key: 'none' }];
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect([Deleted, Errors]).toEqual([Objects, undefined]);
    const quiet = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'c' }], Quiet: true } }),
    );
    expect(quiet.Deleted).toBeUndefined();
    expect(s3.buckets.list(Bucket, { prefix: '', after: '', max: 10 }).keys).toEqual([]);
  });

  test('a deletion of many has a checksum and at most 1,000 keys', async () => {
    const body = '<Delete><Object><Key>a</Key></Object></Delete>';
    const bare = await ask('bucket?delete', { method: 'POST', body });
    expect([bare.status, await bare.text()]).toEqual([400, expect.stringContaining('InvalidRequest')]);
    const Objects = Array.from({ length: 1_001 }, (_, index) => ({ Key: String(index) }));
    await expect(client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))).rejects.toMatchObject({
      name: 'MalformedXML',
    });
  });

  test('shows the tags that an object was given', async () => {
    await put('a', 'text', { Tagging: 'one=1&two=b%20c' });
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }));
    expect(TagSet).toEqual([
      { Key: 'one', Value: '1' },
      { Key: 'two', Value: 'b c' },
    ]);
    expect((await get('a')).TagCount).toBe(2);
    const Tagging = Array.from({ length: 11 }, (_, index) => `key${index}=1`).join('&');
    await expect(put('a', 'text', { Tagging })).rejects.toMatchObject({ name: 'InvalidTag' });
  });

  test('a key has at most 1,024 bytes', async () => {
    await put('ä'.repeat(512));
    await expect(put(`${'ä'.repeat(512)}x`)).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });

  test('refuses what it would otherwise silently do wrong', async () => {
    const refused: [path: string, init: RequestInit][] = [
      ['bucket/a', { method: 'PUT', headers: { 'x-amz-copy-source': 'bucket/b' } }],
      ['bucket/a', { method: 'PUT', headers: { 'if-none-match': '*' } }],
      ['bucket/a', { headers: { range: 'bytes=0-1' } }],
      ['bucket/a', { method: 'PATCH' }],
      ['bucket/a?uploads', { method: 'POST' }],
      ['bucket?list-type=2&delimiter=/', {}],
      ['bucket?versioning', {}],
      ['', {}],
    ];
    for (const [path, init] of refused) {
      const response = await ask(path, init);
      expect([path, response.status]).toEqual([path, 501]);
    }
    expect((await ask('bucket/%zz')).status).toBe(400);
    expect((await ask('bucket?list-type=2&max-keys=x')).status).toBe(400);
  });

  test('forgets everything when it is closed', async () => {
    await s3.close();
    await expect(get('a')).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN/) });
  });
});
