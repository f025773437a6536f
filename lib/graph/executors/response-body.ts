import type { IncomingMessage } from 'node:http';
import type { Json } from '../definition.ts';
import { ExecutorError } from './executor-error.ts';

/** The whole body, in bytes as sent. Throws `ExecutorError` ResponseTooLargeError as soon as it is known to be too long. */
export async function readBody(response: IncomingMessage, maxBytes: number, url: URL): Promise<Buffer> {
  const declared = Number(response.headers['content-length'] ?? 0);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    if (maxBytes > 0 && declared > maxBytes) throw tooLarge(url, declared, maxBytes);
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBytes) throw tooLarge(url, bytes, maxBytes);
      parts.push(part);
    }
  } catch (error) {
    response.destroy();
    if (error instanceof ExecutorError || (error as Error).name === 'AbortError') throw error;
    throw new ExecutorError('NetworkError', `The response of ${url.origin} broke off: ${(error as Error).message}`, {
      retryable: true,
      cause: error,
    });
  }
  return Buffer.concat(parts);
}

function tooLarge(url: URL, bytes: number, maxBytes: number): ExecutorError {
  return new ExecutorError(
    'ResponseTooLargeError',
    `The response of ${url.origin} has ${bytes} bytes or more; the task's limit is ${maxBytes}`,
    { retryable: false },
  );
}

/** JSON where the server says so, else text; null for nothing. */
export function toBody(bytes: Buffer, contentType: string | undefined, status: number, url: URL): Json {
  if (bytes.length === 0) return null;
  const text = bytes.toString('utf8');
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(contentType ?? '')) return text;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // An error page that lies about its type is still an error with a status.
    if (status >= 400) return text;
    throw new ExecutorError('InvalidResponseError', `The response of ${url.origin} is not the JSON it says it is`, {
      retryable: true,
      cause: error,
    });
  }
}
