import { Fault } from '../kernel/faults.ts';
import type { HttpLimits } from './contract/limits.ts';
import { documentTypes } from './contract/route.ts';
import { findSyntaxProblem, nestsDeeperThan } from './json-syntax.ts';
import { HttpProblem, invalidInput } from './problems.ts';

/** What a body may need. */
export interface Reading {
  limits: HttpLimits;
  /** Told of each part as it comes, in bytes. Throws where it is too much. */
  hold(bytes: number): void;
}

/** The body as a JSON value; `undefined` if there is none. Reads no further than the limit. */
export async function readJsonBody(request: Request, { limits, hold }: Reading): Promise<unknown> {
  const text = await readText(request, { bytes: limits.bodyBytes, limit: 'bodyBytes', hold });
  if (text === '') return undefined;
  requireJson(request.headers.get('content-type'));
  if (nestsDeeperThan(text, limits.bodyDepth)) {
    throw invalidInput(`The body nests deeper than ${limits.bodyDepth} levels (bodyDepth)`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalidInput(`The body is not JSON: ${misfit(text)}`);
  }
}

export interface Document {
  text: string;
  format: keyof typeof documentTypes;
}

/** The body as the text that it is. Reads no further than the limit. */
export async function readDocument(request: Request, { limits, hold }: Reading): Promise<Document> {
  const text = await readText(request, { bytes: limits.definitionBytes, limit: 'definitionBytes', hold });
  if (text === '') throw invalidInput('The body is empty: it is to be the definition of a workflow');
  const contentType = request.headers.get('content-type');
  const [, mediaType = ''] = /^([\w.+/-]+)\s*(?:;\s*charset=("?)utf-8\2\s*)?$/i.exec(contentType ?? '') ?? [];
  for (const format of ['yaml', 'json'] as const) {
    if ((documentTypes[format] as readonly string[]).includes(mediaType.toLowerCase())) return { text, format };
  }
  const types = `${documentTypes.yaml[0]} or ${documentTypes.json[0]}`;
  throw new HttpProblem('unsupported_media_type', `The body came with ${shown(contentType)}; send ${types}, in UTF-8`);
}

function misfit(text: string): string {
  const found = findSyntaxProblem(text);
  if (found === undefined) return 'it does not parse';
  return `${found.message} at line ${found.line}, column ${found.column} (position ${found.position})`;
}

function requireJson(contentType: string | null): void {
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset=("?)utf-8\1\s*)?$/i.test(contentType ?? '');
  if (isJson) return;
  const detail = `The body came with ${shown(contentType)}; send application/json, in UTF-8`;
  throw new HttpProblem('unsupported_media_type', detail);
}

function shown(contentType: string | null): string {
  return contentType === null ? 'no Content-Type' : `Content-Type ${contentType}`;
}

interface Most extends Pick<Reading, 'hold'> {
  bytes: number;
  limit: keyof HttpLimits;
}

async function readText(request: Request, most: Most): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > most.bytes) throw tooLarge(most);
  if (request.body === null) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new Fault('invalid_input', 'The body broke off', { cause });
    });
    if (done) return decoded(Buffer.concat(chunks));
    bytes += value.byteLength;
    try {
      if (bytes > most.bytes) throw tooLarge(most);
      most.hold(value.byteLength);
    } catch (error) {
      void reader.cancel().catch(() => {});
      throw error;
    }
    chunks.push(value);
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidInput('The body is not UTF-8');
  }
}

function tooLarge({ bytes, limit }: Most): Fault {
  return new Fault('too_large', `The body is longer than ${bytes} bytes (${limit})`);
}
