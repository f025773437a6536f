/** The functions, fed with what whoever can reach a queue or an event bus may put there. */
import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { SQSBatchResponse } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import { type AwsStage, openAwsStage } from '../end-to-end/aws-stage.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';
import { fuzzWorkflows } from './workflows.ts';

let stage: AwsStage;
/** Runs that wait, and what has to be known to send them something. */
let runs: { run: string; nonce: string }[];

beforeAll(async () => {
  stage = await openAwsStage({ workflows: { fuzzWorkflows }, clock: createShiftedClock(), eventSource: false });
  for (let n = 0; n < 20; n += 1) await stage.client.start('asking');
  await stage.client.start('echo', 1);
  await stage.deliver();
  const { clients, environment } = stage.aws.services;
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: environment.table }));
  runs = Items.filter(({ sk }) => sk?.S === 'head').map(({ pk, nonce }) => ({
    run: pk?.S?.slice('run#'.length) ?? '',
    nonce: nonce?.S ?? '',
  }));
});
afterAll(() => stage.close());

const at = fc.oneof(
  fc.constantFrom(0, -1, 1.5, 1e15, 8.64e15 + 1, 1e308),
  fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 }),
);
const jsonText = hostileJson.map((value) => JSON.stringify(value));
const payload = fc.oneof(
  { weight: 3, arbitrary: jsonText },
  { weight: 1, arbitrary: hostileText },
  { weight: 1, arbitrary: fc.record({ blob: hostileText, bytes: fc.integer(), digest: hostileText }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(), hostileText)
      .map(([n, name]) => ({ blob: `${runs[n % runs.length]?.run}/${name}`, bytes: 1, digest: 'x' })),
  },
);
const error = fc.record(
  { name: hostileText, message: hostileText, details: payload as fc.Arbitrary<unknown> },
  { requiredKeys: ['name', 'message'] },
);
const keys = fc.constantFrom('signal:go', 'callback:answer', 'echo', '../x', '__proto__', '');
const id = fc.oneof(hostileText, fc.uuid());
const command = { id, at, epoch: fc.constantFrom(0, 0, 0, 1, 2 ** 53) };

const signal = fc.record({
  type: fc.constant('run_signalled'),
  id,
  at,
  name: fc.oneof(fc.constantFrom('go', 'callback:answer'), hostileText),
  payload,
});
const order = fc.record({ type: fc.constantFrom('run_paused', 'run_resumed'), ...command, issuedAt: at });
const cancel = fc.record({ type: fc.constant('run_cancel_requested'), ...command, reason: hostileText });
const notice = fc.record({
  type: fc.constant('child_settled'),
  id,
  at,
  key: keys,
  outcome: fc.oneof(
    fc.record({ status: fc.constant('completed'), output: payload }),
    fc.record({ status: fc.constantFrom('failed', 'cancelled'), error }),
  ),
});
/** What ends or blocks a run is rare, since that run is then out of reach. */
const outside = fc.oneof(
  { weight: 8, arbitrary: signal as fc.Arbitrary<object> },
  { weight: 6, arbitrary: order },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: notice },
);

/** Of runs that nobody has created. */
const birth = fc.record({
  format: fc.constantFrom(1, 1, 1, 2, 0),
  workflow: fc.oneof(fc.constantFrom('echo', 'asking'), hostileText),
  version: fc.constantFrom(1, 1, 2, -1),
  input: payload,
  createdAt: fc.oneof(
    { weight: 3, arbitrary: fc.nat(5_000).map((ms) => Date.now() - ms) },
    { weight: 1, arbitrary: at as fc.Arbitrary<number> },
  ),
  deadline: fc.oneof(fc.constant(2e12), at),
  retention: fc.constantFrom(0, 1e9, -1),
});

function startOf(run: string, nonce: string, born: object): object {
  return { kind: 'start', run, nonce, birth: { id: run, nonce, ...born } };
}

function bodies(): fc.Arbitrary<string> {
  const recipient = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...runs) },
    { weight: 1, arbitrary: fc.record({ run: hostileText, nonce: hostileText }) },
  );
  const mail = fc.oneof({ weight: 3, arbitrary: outside }, { weight: 1, arbitrary: damaged(outside) });
  const message = fc.oneof(
    { weight: 1, arbitrary: recipient.map((to): object => ({ kind: 'start', ...to })) },
    { weight: 1, arbitrary: fc.tuple(id, id, birth).map(([run, nonce, born]): object => startOf(run, nonce, born)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(recipient, fc.option(fc.constantFrom('sweeper', 'opening', 'deployment'), { nil: undefined }))
        .map(([to, from]): object => ({ kind: 'wake', ...to, from })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          recipient,
          mail,
          fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: hostileText }),
        )
        .map(([to, event, other]): object => {
          const own = (event as { id?: unknown } | null)?.id;
          return { kind: 'mail', ...to, mail: { id: other ?? own, event } };
        }),
    },
  );
  const enveloped = fc
    .oneof({ weight: 4, arbitrary: message as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: damaged(message) })
    .map((inner): object => ({ format: 1, message: inner }));
  return fc.oneof(
    { weight: 6, arbitrary: enveloped.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: damaged(enveloped).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: jsonText },
  );
}

function recordOf(body: string, receives = '1') {
  return {
    messageId: randomUUID(),
    receiptHandle: randomUUID(),
    body,
    attributes: { ApproximateReceiveCount: receives },
  };
}

const drive = async (records: object[]) => (await stage.aws.invoke('driver', { Records: records })) as SQSBatchResponse;

describe('messages', () => {
  test('whatever is in the queue is done or given back, one by one', { timeout: fuzzTimeoutMs }, async () => {
    const batches = fc.array(fc.tuple(bodies(), fc.oneof(fc.constantFrom('1', '2', '7'), hostileText)), {
      minLength: 1,
      maxLength: 3,
    });
    await fuzz(batches, 120, async (batch) => {
      const records = batch.map(([body, receives]) => recordOf(body, receives));
      const { batchItemFailures } = await drive(records);
      const given = new Set(records.map(({ messageId }) => messageId));
      for (const { itemIdentifier } of batchItemFailures) expect(given).toContain(itemIdentifier);
    });
  });

  test('afterwards no run breaks its driver, each can be shown, and new ones run', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    for (const { run, nonce } of runs) {
      const wake = JSON.stringify({ format: 1, message: { kind: 'wake', run, nonce, from: 'deployment' } });
      expect(await drive([recordOf(wake)]), `${run}: ${stage.troubles.at(-1)}`).toEqual({ batchItemFailures: [] });
      const { client } = stage;
      for (const shown of [client.getRun(run), client.listTasks(run), client.getHistory(run)]) {
        // A payload may be said to lie in a blob that is not there.
        await shown.catch((error: unknown) => expect(error).toMatchObject({ code: 'corrupt' }));
      }
    }
    await stage.aws.sweep();
    const next = await stage.client.start('echo', { still: 'there' });
    await stage.deliver();
    expect(await next.result()).toEqual({ still: 'there' });
  });
});

describe('events', () => {
  const trigger = fc.record(
    {
      pawl: fc.record(
        {
          workflow: fc.oneof(fc.constantFrom('echo', 'strict', 'asking'), hostileText),
          version: fc.integer({ min: -1, max: 3 }) as fc.Arbitrary<unknown>,
        },
        { requiredKeys: ['workflow'] },
      ),
      id: hostileText,
      input: hostileJson,
    },
    { requiredKeys: ['pawl', 'id'] },
  );

  test('a trigger starts a run, or says what is wrong with the event', { timeout: fuzzTimeoutMs }, async () => {
    const events = fc.oneof(
      { weight: 3, arbitrary: trigger as fc.Arbitrary<unknown> },
      { weight: 2, arbitrary: damaged(trigger) },
      { weight: 1, arbitrary: hostileJson },
    );
    let started = 0;
    await fuzz(events, 80, async (event) => {
      try {
        const { run } = (await stage.aws.invoke('trigger', event)) as { run: string };
        expect(run).toMatch(/^[0-9a-z]+$/);
        started += 1;
      } catch (error) {
        expect(
          isFault(error) && ['invalid_input', 'not_found', 'conflict', 'too_large'].includes(error.code),
          String(error),
        ).toBe(true);
      }
    });
    expect(started).toBeGreaterThan(0);
  });

  test('a tick does not look at what it is called with', { timeout: fuzzTimeoutMs }, async () => {
    await fuzz(hostileJson, 10, async (event) => {
      expect(await stage.aws.invoke('sweeper', event)).toMatchObject({
        woken: expect.any(Number),
      });
    });
  });
});
