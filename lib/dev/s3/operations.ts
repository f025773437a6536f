/** The operations of S3 that Pawl's payloads need, and those that show what became of them. */
import type { Clock } from '../../ports/clock.ts';
import type { Answer, Question } from '../stand-in-server.ts';
import { readUpload } from './body.ts';
import type { Buckets, StoredObject } from './buckets.ts';
import { S3Error, type S3ErrorCode } from './errors.ts';
import { textsOf, toXml } from './xml.ts';

export interface S3Request extends Question {
  bucket: string;
  /** Empty for the bucket itself. */
  key: string;
}

export interface Surroundings {
  buckets: Buckets;
  clock: Pick<Clock, 'now'>;
  /** Why a key among many is not deleted. */
  keeps(key: string): S3ErrorCode | undefined;
}

export type Operation = (request: S3Request, surroundings: Surroundings) => Answer;

const mostKeys = 1_000;
/** Understood by S3 and not here: an answer that ignores them would be wrong. */
const unknownHeaders = [
  'x-amz-copy-source',
  'if-match',
  'if-none-match',
  'range',
  'x-amz-server-side-encryption-customer-key',
];

/** By what the request is: a method on a bucket or an object, and a sub-resource in the query. */
export function operationOf({ method, key, query, headers }: S3Request): { name: string; run: Operation } {
  const place = key === '' ? 'bucket' : 'object';
  const subresource = ['delete', 'tagging', 'list-type'].find((name) => query.has(name));
  const name = names[`${method} ${place}${subresource === undefined ? '' : `?${subresource}`}`];
  const refused = unknownHeaders.find((header) => headers[header] !== undefined);
  const run = operations[name ?? ''];
  if (name === undefined || run === undefined || refused !== undefined) {
    const what = refused ?? `${method} of ${place === 'bucket' ? 'a bucket' : 'an object'}`;
    throw new S3Error('NotImplemented', `${what} with this query is not part of this stand-in for S3.`);
  }
  return { name, run };
}

const names: Record<string, string> = {
  'PUT bucket': 'CreateBucket',
  'HEAD bucket': 'HeadBucket',
  'GET bucket?list-type': 'ListObjectsV2',
  'POST bucket?delete': 'DeleteObjects',
  'PUT object': 'PutObject',
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'DELETE object': 'DeleteObject',
  'GET object?tagging': 'GetObjectTagging',
};

const operations: Record<string, Operation> = {
  CreateBucket({ bucket }, { buckets }) {
    buckets.create(bucket);
    return { status: 200, headers: { location: `/${bucket}` } };
  },

  HeadBucket({ bucket }, { buckets }) {
    buckets.assertExists(bucket);
    return { status: 200 };
  },

  PutObject({ bucket, key, headers, body }, { buckets, clock }) {
    const { bytes, checksum } = readUpload(headers, body);
    const { etag } = buckets.put(bucket, key, {
      bytes,
      checksum,
      modifiedAt: clock.now(),
      headers: keptHeaders(headers),
      tags: tagsOf(headers['x-amz-tagging']),
    });
    return { status: 200, headers: { etag, ...(checksum && { [checksum.header]: checksum.value }) } };
  },

  GetObject(request, surroundings) {
    const object = found(request, surroundings);
    return { status: 200, headers: headersOf(object, request), body: object.bytes };
  },

  HeadObject(request, surroundings) {
    const object = found(request, surroundings);
    return { status: 200, headers: { ...headersOf(object, request), 'content-length': String(object.bytes.length) } };
  },

  GetObjectTagging(request, surroundings) {
    const tags = [...found(request, surroundings).tags].map(([Key, Value]) => ({ Key, Value }));
    return xml(toXml('Tagging', { TagSet: { Tag: tags } }));
  },

  DeleteObject({ bucket, key }, { buckets }) {
    buckets.remove(bucket, key);
    return { status: 204 };
  },

  DeleteObjects({ bucket, headers, body }, { buckets, keeps }) {
    const { bytes, checksum } = readUpload(headers, body);
    if (checksum === undefined && headers['content-md5'] === undefined) {
      throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
    }
    const text = bytes.toString();
    const keys = textsOf(text, 'Key');
    if (keys.length === 0 || keys.length > mostKeys) {
      throw new S3Error('MalformedXML', `A request names between 1 and ${mostKeys} keys.`);
    }
    buckets.assertExists(bucket);
    const kept = keys.flatMap((Key) => {
      const Code = keeps(Key);
      return Code ? [{ Key, Code, Message: 'Kept on purpose.' }] : [];
    });
    const removed = keys.filter((key) => kept.every(({ Key }) => Key !== key));
    for (const key of removed) buckets.remove(bucket, key);
    const isQuiet = textsOf(text, 'Quiet')[0] === 'true';
    return xml(toXml('DeleteResult', { Deleted: isQuiet ? [] : removed.map((Key) => ({ Key })), Error: kept }));
  },

  ListObjectsV2({ bucket, query }, { buckets }) {
    if (query.has('delimiter')) throw new S3Error('NotImplemented', 'A delimiter is not part of this stand-in for S3.');
    const prefix = query.get('prefix') ?? '';
    const max = Math.min(Number(query.get('max-keys') ?? mostKeys), mostKeys);
    if (!(max >= 0))
      throw new S3Error('InvalidArgument', 'Argument maxKeys must be an integer between 0 and 2147483647');
    const token = query.get('continuation-token');
    const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString();
    const { keys, next } = buckets.list(bucket, { prefix, after, max });
    const written = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;
    const contents = keys.map((key) => {
      const { modifiedAt, etag, bytes } = buckets.get(bucket, key) as StoredObject;
      const LastModified = new Date(modifiedAt).toISOString();
      return { Key: written(key), LastModified, ETag: etag, Size: bytes.length, StorageClass: 'STANDARD' };
    });
    return xml(
      toXml('ListBucketResult', {
        Name: bucket,
        Prefix: written(prefix),
        KeyCount: keys.length,
        MaxKeys: max,
        EncodingType: query.get('encoding-type') ?? undefined,
        IsTruncated: next !== undefined,
        NextContinuationToken: next && Buffer.from(next).toString('base64'),
        Contents: contents,
      }),
    );
  },
};

function found({ bucket, key }: S3Request, { buckets }: Surroundings): StoredObject {
  const object = buckets.get(bucket, key);
  if (object === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  return object;
}

function headersOf(object: StoredObject, { headers }: S3Request): Record<string, string> {
  const { etag, modifiedAt, checksum, tags } = object;
  const showsChecksum = checksum && headers['x-amz-checksum-mode'] === 'ENABLED';
  return {
    ...object.headers,
    etag,
    'last-modified': new Date(modifiedAt).toUTCString(),
    ...(showsChecksum && { [checksum.header]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }),
    ...(tags.size > 0 && { 'x-amz-tagging-count': String(tags.size) }),
  };
}

function keptHeaders(headers: Question['headers']): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headers['content-type'] ?? 'binary/octet-stream' };
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  if (encoding !== '') kept['content-encoding'] = encoding;
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-') && typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function tagsOf(header: string | string[] | undefined): Map<string, string> {
  const tags = [...new URLSearchParams(String(header ?? ''))];
  const fits = ([key, value]: [string, string]) => key !== '' && key.length <= 128 && value.length <= 256;
  if (tags.length > 10 || !tags.every(fits) || new Set(tags.map(([key]) => key)).size < tags.length) {
    throw new S3Error(
      'InvalidTag',
      'An object has at most 10 different tags with keys of 128 and values of 256 characters.',
    );
  }
  return new Map(tags);
}

function xml(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
