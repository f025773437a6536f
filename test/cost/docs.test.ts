import { expect, test } from 'vitest';
import { assumptions } from '../../lib/cost/assumptions.ts';
import { priceTable } from '../../lib/cost/prices.ts';
import { blockIn, countedBlocks, readPage } from './doc.ts';

test('the tables of docs/cost.md are what is counted; `npx tsx test/cost/doc.ts` writes them', async () => {
  const page = readPage();
  for (const [name, block] of Object.entries(await countedBlocks())) expect(blockIn(page, name)).toBe(block);
});

test('docs/cost.md says what is assumed, and how old the prices are', () => {
  const { memoryMb, invocationMs, requestMs, stepMs } = assumptions;
  const page = readPage();
  expect(page).toContain(
    `functions of ${memoryMb} MB, ${invocationMs} ms an invocation, ${requestMs} ms a request, ${stepMs} ms a step`,
  );
  expect(page).toContain(`${priceTable.region}, collected on ${priceTable.collected}`);
});
