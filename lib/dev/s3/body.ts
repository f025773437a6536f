/** What a request uploads: unpacked where the SDK has streamed it in chunks, and compared with its checksums. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Error } from './errors.ts';

export interface Upload {
  bytes: Buffer;
  /** The header of the checksum that was given, and its value in base64. */
  checksum: { header: string; value: string } | undefined;
}

const algorithms: Record<string, (bytes: Buffer) => string> = {
  'x-amz-checksum-crc32': (bytes) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum.toString('base64');
  },
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest('base64'),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest('base64'),
};
const checksumHeader = /^x-amz-checksum-(?!algorithm$|mode$|type$)/;

export function readUpload(headers: IncomingHttpHeaders, body: Buffer): Upload {
  const isChunked = String(headers['x-amz-content-sha256']).startsWith('STREAMING-');
  const { bytes, trailers } = isChunked ? fromChunks(body) : { bytes: body, trailers: {} };
  const expected = headers['x-amz-decoded-content-length'];
  if (isChunked && expected !== undefined && Number(expected) !== bytes.length) {
    throw new S3Error('IncompleteBody', 'You did not provide the number of bytes specified by the headers.');
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined) assertSame('content-md5', String(md5), createHash('md5').update(bytes).digest('base64'));
  const given = Object.entries({ ...headers, ...trailers }).find(([name]) => checksumHeader.test(name));
  if (given === undefined) return { bytes, checksum: undefined };
  const [header, value] = [given[0], String(given[1])];
  const calculate = algorithms[header];
  if (calculate === undefined) throw new S3Error('NotImplemented', `${header} is not part of this stand-in for S3.`);
  assertSame(header, value, calculate(bytes));
  return { bytes, checksum: { header, value } };
}

function assertSame(header: string, given: string, calculated: string): void {
  if (given !== calculated) {
    throw new S3Error('BadDigest', `The ${header} you specified did not match what we received.`);
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html Signatures are not checked. */
function fromChunks(body: Buffer): { bytes: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let offset = 0;
  const readLine = () => {
    const end = body.indexOf('\r\n', offset);
    if (end < 0) throw new S3Error('IncompleteBody', 'The request ended within a chunk.');
    const line = body.toString('latin1', offset, end);
    offset = end + 2;
    return line;
  };
  for (;;) {
    const size = Number.parseInt(readLine(), 16);
    if (!(size >= 0) || offset + size > body.length) {
      throw new S3Error('IncompleteBody', 'The request ended within a chunk.');
    }
    if (size === 0) break;
    chunks.push(body.subarray(offset, offset + size));
    offset += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (offset < body.length) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(readLine()) ?? [];
    if (name !== undefined && value !== undefined) trailers[name.trim().toLowerCase()] = value.trim();
  }
  return { bytes: Buffer.concat(chunks), trailers };
}
