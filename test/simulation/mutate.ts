/**
 * Takes the kernel's guards away one at a time and looks how soon the simulation sees it, with backstops and without:
 * `npm run simulate:mutations -- [--seconds 20] [--budget 20000] [--workers 2] [--only <part of a name>] [--afresh] [--write [--page docs/reliability.md]]`.
 *
 * What was found is kept in `.pawl/simulation/mutations.json` and holds as long as the mutant is the same: one that broke
 * off goes on where it was. Exit code 1: something was found in a kernel with all its guards.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleMutant, type Finding, searchMutant } from './mutant.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    budget: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    workers: { type: 'string', default: `${availableParallelism()}` },
    only: { type: 'string' },
    afresh: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    page: { type: 'string', default: 'docs/reliability.md' },
  },
});

interface Search {
  mutation: Mutation;
  withoutBackstops: boolean;
}

/** A finding, and of what. */
interface Kept {
  digest: string;
  seconds: number;
  finding: Finding;
}

const root = resolve(import.meta.dirname, '../..');
const keptPath = join(root, '.pawl/simulation/mutations.json');
const kept: Record<string, Kept> = values.afresh ? {} : await readKept();
const seconds = Number(values.seconds);
/** With every guard in place nothing may be found, or what is found below says nothing. */
const control: Mutation = { name: 'none', rule: '', guard: '', patches: [] };
const chosen = mutations.filter(({ name }) => values.only === undefined || name.includes(values.only));
const searches = [control, ...chosen]
  .flatMap((mutation): Search[] => [false, true].map((withoutBackstops) => ({ mutation, withoutBackstops })))
  .sort((a, b) => expected(a) - expected(b));
const left = [...searches];
let done = 0;

await Promise.all(Array.from({ length: Number(values.workers) }, work));
const missed = chosen.filter((mutation) => seen(mutation));
const schedules = searches.reduce((sum, search) => sum + (kept[keyOf(search)]?.finding.schedules ?? 0), 0);
console.log(`${missed.length} of ${chosen.length} guards are missed when they are gone; ${schedules} schedules`);
if (values.write) await write();
if (seen(control)) process.exitCode = 1;

async function work(): Promise<void> {
  for (let search = left.shift(); search; search = left.shift()) {
    const finding = await look(search);
    done += 1;
    console.log(line(search, finding));
  }
}

async function look(search: Search): Promise<Finding> {
  const { mutation, withoutBackstops } = search;
  const name = `${mutation.name}${withoutBackstops ? '-without-backstops' : ''}`;
  const bundle = await bundleMutant(name, mutation.patches);
  const digest = createHash('sha256')
    .update(await readFile(bundle))
    .digest('hex');
  const known = kept[keyOf(search)];
  const holds = known?.digest === digest && (known.finding.found !== undefined || known.seconds >= seconds);
  const finding = holds
    ? known.finding
    : await searchMutant(bundle, {
        seeds: Number(values.budget),
        seconds,
        from: Number(values.from),
        withoutBackstops,
        ...(mutation.mode !== undefined && { mode: mutation.mode }),
      });
  await rm(bundle);
  kept[keyOf(search)] = { digest, seconds, finding };
  await mkdir(dirname(keptPath), { recursive: true });
  await writeFile(keptPath, JSON.stringify(kept, undefined, 1));
  return finding;
}

function keyOf({ mutation: { name }, withoutBackstops }: Search): string {
  return withoutBackstops ? `${name} *` : name;
}

/** What was soon found before comes first. */
function expected(search: Search): number {
  const finding = kept[keyOf(search)]?.finding;
  if (!finding) return seconds * 100;
  return finding.found ? finding.schedules : Number.POSITIVE_INFINITY;
}

async function readKept(): Promise<Record<string, Kept>> {
  return readFile(keptPath, 'utf8').then(
    (text) => JSON.parse(text) as Record<string, Kept>,
    () => ({}),
  );
}

function findingOf(mutation: Mutation, withoutBackstops: boolean): Finding | undefined {
  return kept[keyOf({ mutation, withoutBackstops })]?.finding;
}

function seen(mutation: Mutation): boolean {
  return [false, true].some((withoutBackstops) => findingOf(mutation, withoutBackstops)?.found !== undefined);
}

function line({ mutation: { rule, name }, withoutBackstops }: Search, { found, schedules }: Finding): string {
  const head = `${`${done}`.padStart(3)} ${rule.padEnd(4)} ${name.padEnd(30)}${withoutBackstops ? ' *' : '  '}`;
  if (!found) return `${head} not seen in ${schedules}`;
  return `${head} ${String(schedules).padStart(6)} ${found.mode.padEnd(8)} ${found.violation.slice(0, 160)}`;
}

/** Between the two markers of the page. */
async function write(): Promise<void> {
  const page = join(root, values.page);
  const start = '<!-- guards -->';
  const end = '<!-- end of guards -->';
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${values.page} has no ${start} … ${end}`);
  await writeFile(page, `${before}${start}\n${table()}\n${end}${after}`);
}

function table(): string {
  const rows = mutations.map((mutation) => {
    const { rule, guard, mode = '' } = mutation;
    const cells = [false, true].map((withoutBackstops) => {
      const finding = findingOf(mutation, withoutBackstops);
      if (!finding) return 'not tried';
      return finding.found ? `${finding.schedules}` : `not in ${finding.schedules}`;
    });
    return `| ${rule} | ${guard} | ${mode} | ${cells.join(' | ')} |`;
  });
  return [
    '| rule | the guard | in the mode | schedules until it is missed | without backstops |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
