/** Events as API Gateway and function URLs send them, and as they never should. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLambdaHttpHandler } from '../../lib/http/api-gateway.ts';
import { createHttpApp } from '../../lib/http/app.ts';
import { problemDetails } from '../../lib/http/contract/schemas.ts';
import { openPawl, type Pawl } from '../../lib/wiring/open-pawl.ts';
import { functionUrlEvent, httpApiEvent, iam, jwt } from '../http/gateway-events.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';
import { asksOf, operations } from './requests.ts';
import { fuzzWorkflows, type Reachable, startSome } from './workflows.ts';

let pawl: Pawl;
let handle: ReturnType<typeof createLambdaHttpHandler>;
let reachable: Reachable;
const logged: string[] = [];

beforeAll(async () => {
  pawl = await openPawl({ workflows: fuzzWorkflows, dataDir: ':memory:' });
  const logger = {
    error: (message: string, fields?: Record<string, unknown>) => logged.push(`${message} ${fields?.error}`),
  };
  handle = createLambdaHttpHandler(createHttpApp({ api: pawl, behindGateway: true, streams: { waitMs: 5 }, logger }));
  reachable = await startSome(pawl);
});
afterAll(() => pawl.close());

const known = (field: string) =>
  fc.constantFrom(...(reachable[field as keyof Reachable] ?? Object.values(reachable).flat()));

/** What an event holds of a request that a client could send. */
function events(): fc.Arbitrary<APIGatewayProxyEventV2> {
  const asks = fc.oneof(...operations.map(([, operation]) => asksOf(operation, known)));
  const authorizers = fc.oneof(
    fc.constant(undefined),
    hostileText.map(iam),
    hostileText.map((sub) => jwt({ sub })),
    hostileJson.map((value) => ({ jwt: { claims: value } })),
    hostileJson,
  );
  return fc
    .tuple(
      asks,
      authorizers,
      fc.boolean(),
      fc.boolean(),
      fc.oneof(fc.constant('$default'), fc.constant('v1'), hostileText),
    )
    .map(([{ method, url, headers, body }, authorizer, isUrl, isBase64Encoded, stage]) => {
      const text = body === undefined ? undefined : Buffer.from(body);
      const parts = {
        line: `${method} ${url.replace(/ /g, '%20')}`,
        headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
        ...(text !== undefined && { body: text.toString(isBase64Encoded ? 'base64' : 'utf8') }),
        isBase64Encoded,
        stage,
        authorizer,
      };
      try {
        return isUrl ? functionUrlEvent(parts) : httpApiEvent(parts);
      } catch {
        // The gateway refuses a path that it cannot decode.
        return functionUrlEvent(parts);
      }
    });
}

async function answered(event: unknown): Promise<void> {
  const what = JSON.stringify(event);
  const answer = await handle(event as APIGatewayProxyEventV2);
  const { statusCode = 0, body = '', isBase64Encoded, headers } = JSON.parse(JSON.stringify(answer)) as typeof answer;
  expect(statusCode, `${what}\n${body}\n${logged.at(-1)}`).toBeGreaterThanOrEqual(200);
  expect(statusCode, `${what}\n${body}\n${logged.at(-1)}`).toBeLessThan(500);
  if (statusCode < 400 || body === '') return;
  expect(headers?.['content-type'], what).toBe('application/problem+json');
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  expect(problemDetails.parse(JSON.parse(text)).status).toBe(statusCode);
}

test('a request in an event is answered as it is over HTTP', { timeout: fuzzTimeoutMs }, async () => {
  await fuzz(events(), 400, answered);
  expect(logged).toEqual([]);
});

test('an event with something wrong in it is answered with problem details', { timeout: fuzzTimeoutMs }, async () => {
  const within = (field: 'requestContext' | 'headers') =>
    events().chain((event) => damaged(fc.constant(event[field])).map((value) => ({ ...event, [field]: value })));
  const http = events().chain((event) =>
    damaged(fc.constant(event.requestContext.http)).map((value) => ({
      ...event,
      requestContext: { ...event.requestContext, http: value },
    })),
  );
  await fuzz(
    fc.oneof(damaged(events()), within('requestContext'), within('headers'), http, hostileJson),
    400,
    answered,
  );
  expect(logged).toEqual([]);
});
