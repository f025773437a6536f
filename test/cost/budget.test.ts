import { beforeAll, describe, expect, test } from 'vitest';
import { assumptions } from '../../lib/cost/assumptions.ts';
import { billChains, type ChainBill, chains } from '../../lib/cost/reference/chains.ts';
import { orderLine, orderLineBytes } from '../../lib/cost/reference/order-lines.ts';
import { paths } from '../../lib/cost/reference/paths.ts';
import { chainTable, floorUsd } from '../../lib/cost/reference/tables.ts';
import { measurePath } from './measure-path.ts';

// Counted and never timed: time passes only in steps, so that a slow machine counts the same.

let bills: ChainBill[];
beforeAll(async () => {
  bills = await billChains(assumptions);
}, 30_000);

const billOf = (title: string) => bills.find((bill) => bill.title === title) as ChainBill;
const perMillionTasks = ({ bill, steps }: ChainBill) => (bill.usd * 1e6) / steps;
const unitsOf = ({ bill }: ChainBill, item: string) =>
  bill.lines.find((line) => line.item === item)?.amounts.writeUnits;

describe('a million tasks cost at most', () => {
  test.each(chains.map(({ title, mostUsd }) => [mostUsd, title] as const))('$%d in runs of %s', (mostUsd, title) => {
    expect(perMillionTasks(billOf(title))).toBeLessThanOrEqual(mostUsd);
  });
});

test('everything is in it but the HTTP request and point-in-time recovery', () => {
  const { lines, apart } = billOf('10 steps').bill;
  expect(lines.map(({ item }) => item)).toEqual([
    'create',
    'append',
    'settle',
    'read of the run',
    'storage until expiry',
    'message sent',
    'message received',
    'message deleted',
    'api function',
    'driver function',
    'logs of steps',
  ]);
  expect(apart.map(({ item }) => item)).toEqual(['HTTP request', 'point-in-time recovery']);
});

test('a task takes 20 ms of a function and 200 bytes of log, whatever its durability', () => {
  const own = ({ bill }: ChainBill, item: string, priced: 'gbSeconds' | 'logGb') =>
    bill.lines.find((line) => line.item === item)?.amounts[priced] ?? 0;
  for (const durability of ['', ', relaxed']) {
    const [ten, hundred] = [billOf(`10 steps${durability}`), billOf(`100 steps${durability}`)];
    const more = own(hundred, 'driver function', 'gbSeconds') - own(ten, 'driver function', 'gbSeconds');
    // Relaxed, the hundred take a few more requests than the ten.
    expect(more).toBeGreaterThanOrEqual(90 * 0.02 * 0.25 - 1e-9);
    expect(more).toBeLessThanOrEqual(90 * 0.02 * 0.25 + 3 * 0.008 * 0.25 + 1e-9);
    expect(own(hundred, 'logs of steps', 'logGb') * 1_024 ** 3).toBeCloseTo(100 * 200, 6);
  }
});

test('each outcome is one write unit, and relaxed ones share them', () => {
  expect(bills.map((bill) => unitsOf(bill, 'append'))).toEqual([10, 100, 2, 11]);
});

test('what a step returns is 300 bytes of JSON, each time something else, in every measurement the same', () => {
  const texts = Array.from({ length: 100 }, (_, index) => JSON.stringify(orderLine(index + 1)));
  expect(new Set(texts.map((text) => Buffer.byteLength(text)))).toEqual(new Set([orderLineBytes]));
  expect(new Set(texts.map((text) => JSON.parse(text).reservation)).size).toBe(100);
  expect(JSON.stringify(orderLine(7))).toBe(texts[6]);
});

test('100 parallel steps with short outcomes cost at most 15 write units', async () => {
  const path = paths.find((each) => each.path === '100 steps in parallel') as (typeof paths)[number];
  const { bill } = await measurePath(path);
  expect(bill.totals.writeUnits).toBeLessThanOrEqual(15);
});

test('the floor is one write and the time of a task', () => {
  expect(floorUsd(assumptions)).toBeCloseTo(0.625 + 0.0667, 3);
});

test('the table has a row for each line, their sum, and the budget below it', () => {
  const { titles, rows } = chainTable(bills);
  expect(titles.slice(1)).toEqual(chains.map(({ title }) => title));
  const row = (title: string) =>
    rows
      .find(([first]) => first === title)
      ?.slice(1)
      .map(Number);
  expect(row('in all')).toEqual(bills.map((bill) => Number(perMillionTasks(bill).toFixed(2))));
  expect(row('budget')).toEqual([1.5, 1, 0.9, 0.35]);
});
