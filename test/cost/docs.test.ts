import { expect, test } from 'vitest';
import { assumedText, assumptions } from '../../lib/cost/assumptions.ts';
import { priceTable } from '../../lib/cost/prices.ts';
import { floorUsd } from '../../lib/cost/reference/tables.ts';
import { blockIn, countedBlocks, readPage } from './doc.ts';

test('the tables of docs/cost.md are what is counted; `npx tsx test/cost/doc.ts` writes them', {
  timeout: 30_000,
}, async () => {
  const page = readPage();
  for (const [name, block] of Object.entries(await countedBlocks())) expect(blockIn(page, name)).toBe(block);
});

test('docs/cost.md says what is assumed, and how old the prices are', () => {
  const page = readPage().replaceAll(/\s+/g, ' ');
  expect(page).toContain(assumedText(assumptions));
  expect(page).toContain(`${priceTable.region}, collected on ${priceTable.collected}`);
  expect(page).toContain(`**The floor is $${floorUsd(assumptions).toFixed(2)}**`);
});
