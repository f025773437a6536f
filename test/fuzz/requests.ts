/** HTTP requests that an operation of the OpenAPI document allows, and those that it nearly does. */
import fc from 'fast-check';
import { createOpenApi, type JsonSchema, type OperationObject, type Parameter } from '../../lib/http/openapi.ts';
import { type Known, nearly } from './from-schema.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';
import { mangled } from './mangled.ts';
import { graphText } from './workflows.ts';

export interface Ask {
  method: string;
  /** From the path on. */
  url: string;
  headers: [string, string][];
  body: string | Uint8Array | undefined;
}

interface Operation {
  method: string;
  path: string;
  operation: OperationObject;
}

const document = createOpenApi({ protectedBy: 'nothing' });
const { schemas } = document.components;

export const operations: [name: string, operation: Operation][] = Object.entries(document.paths).flatMap(
  ([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      operation.operationId,
      { method: method.toUpperCase(), path, operation },
    ]),
);

const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH');
const bytes = fc.uint8Array({ maxLength: 60 });
const contentTypes = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/merge-patch+json',
  'application/yaml',
  'text/plain',
  'multipart/form-data; boundary=x',
  '',
);
const headerNames = fc.constantFrom(
  'Idempotency-Key',
  'Last-Event-ID',
  'Authorization',
  'Origin',
  'Accept',
  'Content-Length',
  'Cookie',
  'X-Forwarded-Host',
  'Range',
  'If-None-Match',
);

const often = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: bad });

const rarely = <T>(value: fc.Arbitrary<T>) => often<T | null>(fc.constant(null), value);

function segment(of: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(of, fc.constantFrom('encoded', 'encoded', 'encoded', 'raw', 'twice')).map(([value, how]) => {
    const text = textOf(value);
    if (how === 'raw') return text;
    return how === 'twice' ? encodeURIComponent(encodeURIComponent(text)) : encodeURIComponent(text);
  });
}

/** What UTF-8 cannot hold is replaced: no client could send it. */
function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Bodies that mean something: by their schemas alone such are hardly ever found. */
const examples: Record<string, object> = {
  activateWorkflow: {
    versions: [
      { version: 1, weight: 40 },
      { version: 2, weight: 60 },
    ],
  },
};

function bodyOf(
  name: string,
  mediaType: string,
  schema: JsonSchema,
  known: Known,
): fc.Arbitrary<[string, string | Uint8Array]> {
  const isDocument = mediaType === 'application/yaml';
  const example = fc.constant(examples[name] ?? {});
  const json =
    examples[name] === undefined
      ? nearly(schema, schemas, known)
      : fc.oneof(example, damaged(example), nearly(schema, schemas, known));
  const fits = isDocument ? mangled(graphText) : json.map((value) => JSON.stringify(value));
  return fc.tuple(
    often(fc.constant(mediaType), contentTypes),
    often<string | Uint8Array>(fits, fc.oneof(hostileText, bytes)),
  );
}

export function asksOf({ method, path, operation }: Operation, known: Known): fc.Arbitrary<Ask> {
  const { parameters = [], requestBody } = operation;
  const inPlace = (where: Parameter['in']) => parameters.filter((parameter) => parameter.in === where);
  const values = (where: 'query' | 'header') =>
    fc.tuple(
      ...inPlace(where).map(({ name, schema }) =>
        fc.option(nearly(schema, schemas, known, name).map((value): [string, string] => [name, textOf(value)])),
      ),
    );
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) =>
    bodyOf(operation.operationId, type, schema, known),
  );
  const unasked = fc.tuple(contentTypes, fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(hostileText, bytes));
  return fc
    .record({
      method: often(fc.constant(method), methods),
      path: fc.tuple(...inPlace('path').map(({ name, schema }) => segment(nearly(schema, schemas, known, name)))),
      query: values('query'),
      headers: values('header'),
      extra: rarely(fc.tuple(hostileText.map(textOf), hostileText.map(textOf))),
      more: often<[string, string][]>(fc.constant([]), fc.array(fc.tuple(headerNames, hostileText), { maxLength: 2 })),
      body: bodies.length > 0 ? often(fc.oneof(...bodies), unasked) : rarely(unasked),
    })
    .map(({ method, path: segments, query, headers, extra, more, body }) => {
      let index = 0;
      const filled = path.replace(/\{\w+\}/g, () => segments[index++] ?? '');
      const search = new URLSearchParams([...query, extra].filter((pair) => pair !== null));
      const contentType: [string, string][] = body?.[0] ? [['Content-Type', body[0]]] : [];
      return {
        method,
        url: `${filled}${search.size > 0 ? `?${search}` : ''}`,
        headers: [...headers.filter((header) => header !== null), ...more, ...contentType],
        body: body?.[1],
      };
    });
}

/** Paths of no operation, or nearly. */
export const anyAsk: fc.Arbitrary<Ask> = fc.record({
  method: methods,
  url: fc
    .array(fc.oneof(hostileText, fc.constantFrom('v1', 'runs', 'docs', 'health')), { maxLength: 5 })
    .map((parts) => `/${parts.join('/')}`),
  headers: fc.array(fc.tuple(headerNames, hostileText), { maxLength: 3 }),
  body: fc.option(
    fc.oneof(
      hostileJson.map((json) => JSON.stringify(json)),
      bytes,
    ),
    { nil: undefined },
  ),
});

/** `undefined`: no client could send that. */
export function requestOf({ method, url, headers, body }: Ask): Request | undefined {
  try {
    const sent = new Headers();
    for (const [name, value] of headers) sent.append(name, value);
    const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
    return new Request(`http://127.0.0.1${url}`, { method, headers: sent, ...(hasBody && { body }) });
  } catch {
    return undefined;
  }
}
