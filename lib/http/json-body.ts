import { Fault } from '../kernel/faults.ts';
import type { HttpLimits } from './contract/limits.ts';
import { findSyntaxProblem, nestsDeeperThan } from './json-syntax.ts';
import { HttpProblem, invalidInput } from './problems.ts';

/** The body as a JSON value; `undefined` if there is none. Reads no further than the limit. */
export async function readJsonBody(request: Request, limits: HttpLimits): Promise<unknown> {
  const text = await readText(request, limits.bodyBytes);
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

function misfit(text: string): string {
  const found = findSyntaxProblem(text);
  if (found === undefined) return 'it does not parse';
  return `${found.message} at line ${found.line}, column ${found.column} (position ${found.position})`;
}

function requireJson(contentType: string | null): void {
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset=("?)utf-8\1\s*)?$/i.test(contentType ?? '');
  if (isJson) return;
  const found = contentType === null ? 'no Content-Type' : `Content-Type ${contentType}`;
  throw new HttpProblem('unsupported_media_type', `The body came with ${found}; send application/json, in UTF-8`);
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
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
    if (bytes > maxBytes) {
      void reader.cancel().catch(() => {});
      throw tooLarge(maxBytes);
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

function tooLarge(maxBytes: number): Fault {
  return new Fault('too_large', `The body is longer than ${maxBytes} bytes (bodyBytes)`);
}
