/** The functions, fed with the events of events/aws/ as AWS sends them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalAws, startLocalAws } from '../../lib/dev/local-aws.ts';
import type { RunView } from '../../lib/service/api.ts';
import { systemClock } from '../../lib/wiring/system.ts';
import { workflow } from '../../lib/workflow/index.ts';

let aws: LocalAws;
const troubles: string[] = [];
const effects: string[] = [];

/** Named as the examples, and short. */
const workflows = {
  order: workflow({ name: 'order-fulfilment' }, (ctx, { id }: { id: string }) =>
    ctx.step('reserve', () => effects.push(id)),
  ),
  report: workflow({ name: 'nightly-report' }, async () => 'done'),
};

beforeAll(async () => {
  aws = await startLocalAws({
    workflows,
    deployment: 'first',
    port: 0,
    clock: systemClock,
    observer: { troubled: ({ message, error }) => troubles.push(`${message}: ${error}`) },
    eventSource: false,
    schedule: false,
  });
});
afterAll(() => aws.close());

function sample(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../events/aws', `${name}.json`), 'utf8'));
}

async function ask(name: string): Promise<{ status: number | undefined; body: Record<string, unknown> }> {
  const answer = (await aws.invoke('api', sample(name))) as APIGatewayProxyStructuredResultV2;
  const text = answer.isBase64Encoded ? Buffer.from(answer.body ?? '', 'base64').toString() : (answer.body ?? '');
  return { status: answer.statusCode, body: JSON.parse(text) as Record<string, unknown> };
}

async function runOf(id: unknown): Promise<RunView> {
  const event = { ...(sample('api-health') as object), rawPath: `/v1/runs/${id}` };
  const answer = (await aws.invoke('api', event)) as APIGatewayProxyStructuredResultV2;
  return JSON.parse(answer.body ?? '') as RunView;
}

describe('api', () => {
  test('starts a run, once per idempotency key, and names who asked', async () => {
    const first = await ask('api-start');
    expect(first).toMatchObject({ status: 201, body: { workflow: 'order-fulfilment', key: 'order-4711' } });
    expect(first.body.origin).toBe('arn:aws:iam::123456789012:user/ada');
    expect(await ask('api-start')).toMatchObject({ status: 200, body: { id: first.body.id } });
  });

  test('reads a body that the gateway has encoded', async () => {
    expect(await ask('api-start-base64')).toMatchObject({ status: 201, body: { workflow: 'order-fulfilment' } });
  });

  test('lists by status', async () => {
    expect(await ask('api-list')).toEqual({ status: 200, body: { items: [] } });
  });

  test('says how it is, in full, since the gateway has let in who may ask', async () => {
    const { status, body } = await ask('api-health');
    expect(status).toBe(200);
    expect(body.checks).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'store', status: 'healthy' })]),
    );
  });

  test.each([
    ['an unknown callback token', 'api-callback-unknown', 404, 'There is no such callback token'],
    ['a body that is no JSON', 'api-malformed-body', 400, 'The body is not JSON'],
    ['an event of another kind', 'api-malformed-event', 400, ''],
  ])('refuses %s with a problem', async (_, name, status, detail) => {
    const answer = await ask(name);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toEqual(expect.stringContaining(detail));
  });
});

describe('driver', () => {
  test('drives a run once for a batch that has its message twice', async () => {
    const { body } = await ask('api-start');
    expect(await aws.invoke('driver', sample('driver-batch-duplicate'))).toEqual({ batchItemFailures: [] });
    const run = await runOf(body.id);
    expect(run).toMatchObject({ status: 'completed' });
    expect(effects).toEqual(['2026-0001']);
    const again = await aws.invoke('driver', sample('driver-batch-duplicate'));
    expect(again).toEqual({ batchItemFailures: [] });
    expect((await runOf(body.id)).events).toBe(run.events);
  });

  test('gives back what is no message of Pawl, so that it ends as a dead letter', async () => {
    const event = sample('driver-batch-malformed') as { Records: { messageId: string }[] };
    const { batchItemFailures } = (await aws.invoke('driver', event)) as SQSBatchResponse;
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(
      event.Records.map(({ messageId }) => messageId),
    );
  });
});

describe('trigger', () => {
  test.each(['trigger-custom-event', 'trigger-schedule'])('%s starts one run, however often it comes', async (name) => {
    const first = (await aws.invoke('trigger', sample(name))) as { run: string; created: boolean };
    expect(first.created).toBe(true);
    expect(await aws.invoke('trigger', sample(name))).toEqual({ run: first.run, created: false });
    expect(await runOf(first.run)).toMatchObject({ origin: 'event' });
  });

  test('refuses an event that no trigger of the construct sends', async () => {
    await expect(aws.invoke('trigger', sample('trigger-malformed'))).rejects.toMatchObject({
      code: 'invalid_input',
      problems: expect.arrayContaining([expect.objectContaining({ path: 'pawl' })]),
    });
  });
});

describe('sweeper', () => {
  test('says what it has found at a tick', async () => {
    expect(await aws.invoke('sweeper', sample('sweeper-tick'))).toEqual({
      woken: 0,
      overdue: 0,
      deadFacts: 0,
      deadWakes: 0,
    });
    expect(troubles).toEqual([]);
  });
});
