import { expect, test } from 'vitest';
import { assumptions, billedGbSeconds } from '../../lib/cost/assumptions.ts';
import { billOf } from '../../lib/cost/bill.ts';
import { alarmMetrics, idleMonthOf } from '../../lib/cost/idle-month.ts';
import { costBeyondFree, costOf, type Price, type Priced, priceTable } from '../../lib/cost/prices.ts';
import type { Invocation, QueueUse, TableUse, Use } from '../../lib/cost/uses.ts';

function tableUse(fields: Partial<TableUse> = {}): TableUse {
  return {
    service: 'dynamodb',
    by: 'driver',
    operation: 'PutItem',
    about: 'event',
    readUnits: 0,
    writeUnits: 1,
    indexUnits: {},
    gbMonths: 0,
    outcome: 'done',
    ...fields,
  };
}

function queueUse(fields: Partial<QueueUse> = {}): QueueUse {
  return { service: 'sqs', by: 'api', operation: 'SendMessage', requests: 1, messages: 1, ...fields };
}

function invocation(fields: Partial<Invocation> = {}): Invocation {
  return { service: 'lambda', by: 'driver', requests: 0, steps: 0, stepWaves: 0, ...fields };
}

const itemsOf = (uses: Use[]) => billOf(uses, assumptions).lines.map(({ item }) => item);

test('what is of one kind is one line, in units and dollars', () => {
  const { lines, totals, usd } = billOf(
    [tableUse(), tableUse({ writeUnits: 2, indexUnits: { status: 1 } })],
    assumptions,
  );
  expect(lines).toEqual([
    { item: 'append', by: 'driver', times: 2, amounts: { writeUnits: 4 }, usd: expect.closeTo(4 * 0.625e-6, 12) },
  ]);
  expect(totals).toEqual({ writeUnits: 4 });
  expect(usd).toBeCloseTo(4 * 0.625e-6, 12);
});

test('lines come in the order of a run, whoever was first', () => {
  const uses = [
    queueUse(),
    tableUse({ about: 'head', head: 'closed' }),
    tableUse(),
    tableUse({ about: 'head', by: 'api' }),
  ];
  uses[1] = tableUse({ about: 'head', operation: 'UpdateItem', head: 'closed' });
  expect(itemsOf(uses)).toEqual(['create', 'append', 'settle', 'message sent']);
});

test.each<[use: Use, item: string]>([
  [tableUse({ about: 'mail' }), 'mail'],
  [tableUse({ about: 'mail', operation: 'BatchWriteItem' }), 'mail removed'],
  [tableUse({ about: 'birth' }), 'long input'],
  [tableUse({ about: 'head', operation: 'UpdateItem', head: 'moved' }), 'move of the wake time'],
  [tableUse({ about: 'head', operation: 'UpdateItem', head: 'kept' }), 'head update'],
  [tableUse({ about: 'head', operation: 'DeleteItem' }), 'head removed'],
  [tableUse({ outcome: 'condition_failed' }), 'lost condition'],
  [tableUse({ outcome: 'failed', writeUnits: 0 }), 'failed request'],
  [tableUse({ operation: 'Query', about: 'run', writeUnits: 0, readUnits: 1 }), 'read of the run'],
  [tableUse({ operation: 'Query', about: 'creation', writeUnits: 0, readUnits: 1 }), 'lists'],
  [queueUse({ operation: 'ReceiveMessage', by: 'event source' }), 'message received'],
  [queueUse({ operation: 'ChangeMessageVisibility' }), 'message given back'],
  [tableUse({ about: 'head', by: 'sweeper', operation: 'UpdateItem', head: 'moved' }), 'move of the wake time'],
  [queueUse({ by: 'sweeper' }), 'message sent'],
  [{ service: 's3', by: 'driver', operation: 'GetObject', tier: 'get', gbMonths: 0, tagMonths: 0 }, 'payload read'],
])('$0.operation of $0.about by $0.by is a line of its own: $1', (use, item) => {
  expect(itemsOf([use])).toEqual([item]);
});

test.each<[what: string, use: Use]>([
  [
    'the look of the sweeper for due runs',
    tableUse({ by: 'sweeper', operation: 'Query', about: 'status', readUnits: 0.5 }),
  ],
  ['its look for dead letters', queueUse({ by: 'sweeper', operation: 'ReceiveMessage', messages: 0 })],
  ['its invocation', invocation({ by: 'sweeper' })],
  ['a poll that finds nothing', queueUse({ by: 'event source', operation: 'ReceiveMessage', messages: 0 })],
])('%s is no run’s, but of the idle month', (_what, use) => {
  expect(billOf([use], assumptions).lines).toEqual([]);
});

test('what a new process or workflow needs once is told apart, and not in the sum', () => {
  const { lines, usd, once } = billOf([tableUse({ about: 'settings', operation: 'UpdateItem' })], assumptions);
  expect({ lines, usd }).toEqual({ lines: [], usd: 0 });
  expect(once).toMatchObject([{ item: 'settings', amounts: { writeUnits: 1 } }]);
});

test('what is kept is paid until it expires; what point-in-time recovery keeps of it stands apart', () => {
  const bill = (pointInTimeRecovery: boolean) =>
    billOf([tableUse({ gbMonths: 2 })], { ...assumptions, pointInTimeRecovery });
  expect(bill(true).totals).toMatchObject({ tableGbMonths: 2 });
  expect(bill(true).apart).toMatchObject([{ item: 'point-in-time recovery', amounts: { recoveryGbMonths: 2 } }]);
  expect(bill(false)).toMatchObject({ totals: { tableGbMonths: 2 }, apart: [] });
});

test('an invocation of the API is an HTTP request, too, which stands apart', () => {
  const { totals, apart } = billOf([invocation({ by: 'api', requests: 3 })], assumptions);
  expect(totals).toEqual({ invocations: 1, gbSeconds: expect.any(Number) });
  expect(apart).toMatchObject([{ item: 'HTTP request', amounts: { httpRequests: 1 } }]);
});

test('a function is traced only where that is assumed', () => {
  const traces = (tracesPerInvocation: number) =>
    billOf([invocation(), invocation({ by: 'sweeper' })], { ...assumptions, tracesPerInvocation }).totals.traces;
  expect([traces(0), traces(1)]).toEqual([undefined, 1]);
});

test('each step logs what is assumed', () => {
  const { totals } = billOf([invocation({ steps: 3, stepWaves: 1 })], { ...assumptions, logBytes: 1_024 });
  expect((totals.logGb ?? 0) * 1_024 ** 2).toBeCloseTo(3, 9);
});

test('the time of an invocation is assumed from its requests and its steps', () => {
  const assumed = { ...assumptions, memoryMb: 512, invocationMs: 20, requestMs: 10, stepMs: 100 };
  expect(billedGbSeconds({ requests: 8, stepWaves: 3 }, assumed)).toBeCloseTo(0.5 * 0.4, 9);
});

test('each price has a source and an age', () => {
  for (const [name, price] of Object.entries<Price>(priceTable.prices)) {
    expect(price.source, name).toMatch(/^https:\/\/aws\.amazon\.com\/.+\//);
    expect(price.seen, name).toMatch(/^20\d\d-\d\d$|^undated$|^assumed$/);
  }
});

test.each<[priced: Priced, amount: number, usd: number]>([
  ['writeUnits', 1_000_000, 0.625],
  ['readUnits', 1_000_000, 0.125],
  ['queueRequests', 1_000_000, 0.4],
  ['invocations', 1_000_000, 0.2],
  ['gbSeconds', 1_000_000, 13.3334],
  ['httpRequests', 1_000_000, 1],
  ['blobPuts', 1_000, 0.005],
  ['tableGbMonths', 4, 1],
])('%s: %d cost %d dollars', (priced, amount, usd) => {
  expect(costOf(priced, amount)).toBeCloseTo(usd, 9);
});

test('of what is free each month only the rest is paid', () => {
  expect(costBeyondFree('queueRequests', 900_000)).toBe(0);
  expect(costBeyondFree('queueRequests', 3_000_000)).toBeCloseTo(0.8, 9);
  expect(costBeyondFree('writeUnits', 1_000_000)).toBeCloseTo(0.625, 9);
});

test('an idle month is a tick a minute, and the polls of five pollers', () => {
  const tick = [
    tableUse({ by: 'sweeper', operation: 'Query', about: 'status', writeUnits: 0, readUnits: 0.5 }),
    queueUse({ by: 'sweeper', operation: 'ReceiveMessage', messages: 0 }),
    invocation({ by: 'sweeper', requests: 2 }),
  ];
  const month = idleMonthOf(tick, assumptions);
  const amountsOf = (item: string) => month.lines.find((line) => line.item === item)?.amounts;
  expect(amountsOf('sweeper function')).toMatchObject({ invocations: 43_200 });
  expect(amountsOf('sweeper: look for due runs')).toEqual({ readUnits: 21_600 });
  expect(amountsOf('sweeper: look for dead letters')).toEqual({ queueRequests: 43_200 });
  expect(amountsOf('queue: polls by Lambda')).toEqual({ queueRequests: 648_000 });
});

test('what is off unless asked for is shown, and not in the sum', () => {
  const month = idleMonthOf([], assumptions);
  const optional = month.lines.filter((line) => line.optional);
  expect(optional.map(({ item, usd }) => [item, Number(usd.toFixed(2))])).toEqual([
    ['alarms', alarmMetrics * 0.1],
    ['metrics', 0.9],
    ['dashboard', 3],
  ]);
  expect(month.usd).toBeCloseTo(648_000 * 0.4e-6, 9);
  expect(month.usdBeyondFree).toBe(0);
});
