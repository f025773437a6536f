import { afterAll, beforeAll, expect, test } from 'vitest';
import { assumedText, assumptions } from '../../lib/cost/assumptions.ts';
import { priceTable } from '../../lib/cost/prices.ts';
import { paths } from '../../lib/cost/reference/paths.ts';
import { type Ran, type } from '../cli/fake-cli.ts';
import { createProject, type Project } from '../cli/project.ts';
import { blockIn, readPage } from './doc.ts';

const workflows = `
import { workflow } from 'pawl';

export const two = workflow({ name: 'two' }, async (ctx, input: { city: string }) => {
  const place = await ctx.step('first', () => input.city);
  await ctx.sleep('3h');
  return ctx.step('second', () => place + '!');
});
export const approval = workflow({ name: 'approval' }, (ctx) => ctx.signal('decision'));
export const failing = workflow({ name: 'failing' }, async () => {
  throw new Error('not today');
});
`;

let project: Project;

beforeAll(() => {
  project = createProject({
    'package.json': '{ "name": "shop", "version": "1.0.0" }',
    'workflows/index.ts': workflows,
  });
});

afterAll(() => project.dispose());

const cost = (...words: string[]): Promise<Ran> => type(['cost', ...words], { cwd: project.dir });
const cellsOf = (lines: string[], item: string) =>
  lines.find((line) => line.startsWith(`${item}  `))?.split(/\s{2,}/) ?? [];

test('pawl cost shows a run item by item, and the idle month after it', async () => {
  const { code, out, err } = await cost('two', '--input', '{"city": "Basel"}');
  expect(err).toEqual([]);
  expect(code).toBe(0);
  expect(out[0]).toBe('One run of two version 1, which waits for 3 h');
  expect(cellsOf(out, 'create')).toEqual(['create', 'api', '1', '3 write units', '0.63', '1.88']);
  expect(cellsOf(out, 'append')).toEqual(['append', 'driver', '4', '4 write units', '0.83', '2.50']);
  expect(cellsOf(out, 'settle')).toEqual(['settle', 'driver', '1', '2 write units', '0.42', '1.25']);
  expect(out.join('\n')).toMatch(
    /One run is 15 write units, \d read units, 6 SQS requests, 3 invocations: \$0\.0000\d{4}\./,
  );
  expect(out.join('\n')).toContain(`List prices of ${priceTable.region}, collected on ${priceTable.collected}.`);
  expect(cellsOf(out, 'queue: polls by Lambda').at(-1)).toBe('0.26');
  expect(cellsOf(out, 'off: dashboard').at(-1)).toBe('3.00');
});

test('without a workflow pawl cost shows the tables of docs/cost.md: short runs, paths, the idle month', {
  timeout: 30_000,
}, async () => {
  const { code, out } = await cost();
  expect(code).toBe(0);
  expect(out).toContain('Runs of short steps, one after the other');
  const page = blockIn(readPage(), 'chains');
  for (const line of page.split('\n').slice(2)) {
    const cells = line.replaceAll('**', '').split('|').slice(1, -1);
    expect(cellsOf(out, cells[0]?.trim() ?? '')).toEqual(cells.map((cell) => cell.trim()));
  }
  for (const { path, queue } of paths) expect(cellsOf(out, path)[3]).toBe(String(queue));
  expect(out.join('\n')).toContain(assumedText(assumptions));
  expect(out).toContain('A month of 30 days in which nothing runs');
});

test('what is assumed can be given', async () => {
  const words = ['approval', '--signal', 'decision', '--json'];
  const gbSecondsOf = ({ out }: Ran) => JSON.parse(out.join('')).run.bill.totals.gbSeconds;
  const small = await cost(...words);
  const large = await cost(...words, '--memory', '512');
  expect(gbSecondsOf(large)).toBeCloseTo(2 * gbSecondsOf(small), 9);
});

test('as JSON there is everything that was counted, and the prices', async () => {
  const { out } = await cost('approval', '--signal', 'decision={"approved": true}', '--json');
  expect(JSON.parse(out.join(''))).toMatchObject({
    run: {
      run: { workflow: 'approval', status: 'completed', output: { approved: true } },
      waitsFor: [],
      bill: { totals: { writeUnits: 14, queueRequests: 6 } },
      tasks: 1,
    },
    idleMonth: { lines: expect.any(Array) },
    assumed: { memoryMb: 256 },
    prices: { region: priceTable.region },
  });
});

test('of a run that waits for a signal pawl cost shows what it has cost so far, and says what it waits for', async () => {
  const { code, out, err } = await cost('approval');
  expect(code).toBe(0);
  expect(cellsOf(out, 'settle')).toEqual([]);
  expect(err.join('\n')).toContain('It waits for the signal decision.');
  expect(err.join('\n')).toContain('--signal');
});

test('a run that fails has its cost shown, and a failure as exit code', async () => {
  const { code, out, err } = await cost('failing');
  expect(code).toBe(1);
  expect(cellsOf(out, 'create')).toHaveLength(5);
  // No task: nothing is said for each.
  expect(err.join('\n')).toContain('The run has failed (Error: not today)');
});

test.each<[what: string, words: string[], says: RegExp]>([
  ['a workflow that is not there', ['approvall'], /There is no workflow approvall.*Did you mean approval\?/],
  ['an input without a workflow', ['--input', '1'], /--input and --signal belong to a run/],
  ['a signal without a name', ['approval', '--signal', '=1'], /expected a name, or name=json/],
  ['a signal that is no JSON', ['approval', '--signal', 'decision={'], /is not JSON|JSON/],
  ['too little memory', ['approval', '--memory', '64'], /expected a whole number from 128 to 10240/],
])('%s is wrong usage', async (_what, words, says) => {
  const { code, err } = await cost(...words);
  expect(code).toBe(2);
  expect(err.join(' ')).toMatch(says);
});
