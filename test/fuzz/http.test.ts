/** The HTTP API over a Pawl in memory, asked for everything that its own document allows, and nearly that. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp, type HttpApp } from '../../lib/http/app.ts';
import { problemDetails } from '../../lib/http/contract/schemas.ts';
import { openPawl, type Pawl } from '../../lib/wiring/open-pawl.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { anyAsk, asksOf, operations, requestOf } from './requests.ts';
import { fuzzWorkflows, type Reachable, startSome } from './workflows.ts';

let pawl: Pawl;
let app: HttpApp;
let reachable: Reachable;
const logged: string[] = [];
const statuses = new Map<string, Set<number>>();

beforeAll(async () => {
  pawl = await openPawl({ workflows: fuzzWorkflows, dataDir: ':memory:' });
  app = createHttpApp({
    api: pawl,
    streams: { waitMs: 5 },
    logger: { error: (message, fields) => logged.push(`${message} ${String(fields?.error)}`) },
  });
  reachable = await startSome(pawl);
});
afterAll(() => pawl.close());

/** Texts by which something is reached in a field of that name. */
function known(field: string): fc.Arbitrary<string> {
  const there = reachable[field as keyof Reachable] ?? Object.values(reachable).flat();
  return fc.constantFrom(...there);
}

async function statusOf(request: Request, what: string): Promise<number> {
  const answer = await app.fetch(request);
  const text = await answer.text();
  expect(answer.status, `${what}\n${text}\n${logged.at(-1)}`).toBeLessThan(500);
  for (const [name, value] of answer.headers) expect(`${name}: ${value}`).not.toMatch(/x-injected/i);
  const type = answer.headers.get('content-type');
  if (request.method === 'HEAD') return answer.status;
  if (answer.status >= 400) {
    expect(type, what).toBe('application/problem+json');
    expect(problemDetails.parse(JSON.parse(text)).status).toBe(answer.status);
  } else if (type === 'application/json') JSON.parse(text);
  return answer.status;
}

describe('whatever is asked over HTTP', () => {
  test.each(operations)(
    '%s answers in time, with problem details where it refuses, and never with an error of its own',
    { timeout: fuzzTimeoutMs },
    async (name, operation) => {
      const seen = new Set<number>();
      statuses.set(name, seen);
      await fuzz(asksOf(operation, known), 120, async (ask) => {
        const request = requestOf(ask);
        if (request !== undefined) seen.add(await statusOf(request, JSON.stringify(ask)));
      });
      expect(logged).toEqual([]);
    },
  );

  test('so does any other path and method', { timeout: fuzzTimeoutMs }, async () => {
    await fuzz(anyAsk, 200, async (ask) => {
      const request = requestOf(ask);
      if (request !== undefined) await statusOf(request, JSON.stringify(ask));
    });
    expect(logged).toEqual([]);
  });

  test('the inputs reach what they are to reach: nearly every operation has done its work, and has refused something', () => {
    const names = (wanted: (status: number) => boolean) =>
      [...statuses].filter(([, seen]) => ![...seen].some(wanted)).map(([name]) => name);
    expect(names((status) => status < 300).length, 'operations without success').toBeLessThan(operations.length / 5);
    expect(names((status) => status >= 400)).toEqual([]);
  });

  test('and afterwards the same Pawl still works', async () => {
    const run = await pawl.start('echo', { still: 'there' });
    expect(await run.result()).toEqual({ still: 'there' });
    expect((await app.request('/health')).status).toBe(200);
  });
});
