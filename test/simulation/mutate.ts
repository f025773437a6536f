/**
 * Takes the kernel's guards away one at a time and looks how soon the simulation sees it:
 * `npm run simulate:mutations -- [--seconds 60] [--budget 20000] [--only <part of a name>] [--without-backstops] [--write [--page docs/reliability.md]]`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleMutant, type Finding, searchMutant } from './mutant.ts';
import { type Mutation, mutations } from './mutations.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    budget: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    'without-backstops': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    page: { type: 'string', default: 'docs/reliability.md' },
  },
});

const page = join(resolve(import.meta.dirname, '../..'), values.page);
const found: { mutation: Mutation; finding: Finding }[] = [];
let schedules = 0;

/** With every guard in place nothing may be found, or what is found below says nothing. */
for (const withoutBackstops of [false, true]) {
  const search = { seeds: Number(values.budget), seconds: Number(values.seconds), from: Number(values.from) };
  const control = await searchMutant(await bundleMutant('none', []), { ...search, withoutBackstops });
  schedules += control.schedules;
  console.log(
    line({ name: withoutBackstops ? 'none, without backstops' : 'none', rule: '', guard: '', patches: [] }, control),
  );
  if (control.found) process.exitCode = 1;
}

for (const mutation of mutations) {
  if (values.only !== undefined && !mutation.name.includes(values.only)) continue;
  const bundle = await bundleMutant(mutation.name, mutation.patches);
  const finding = await searchMutant(bundle, {
    seeds: Number(values.budget),
    seconds: Number(values.seconds),
    from: Number(values.from),
    withoutBackstops: values['without-backstops'] || mutation.withoutBackstops === true,
  });
  schedules += finding.schedules;
  found.push({ mutation, finding });
  console.log(line(mutation, finding));
}

const seen = found.filter(({ finding }) => finding.found).length;
console.log(`${seen} of ${found.length} guards are missed when they are gone; ${schedules} schedules`);
if (values.write) await write();

function line({ rule, name }: Mutation, { found, schedules }: Finding): string {
  const head = `${rule.padEnd(4)} ${name.padEnd(30)}`;
  if (!found) return `${head} not seen in ${schedules}`;
  return `${head} ${String(schedules).padStart(6)} ${found.mode.padEnd(8)} ${found.violation.slice(0, 160)}`;
}

/** Between the two markers of the page. */
async function write(): Promise<void> {
  const start = '<!-- guards -->';
  const end = '<!-- end -->';
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no ${start} … ${end}`);
  await writeFile(page, `${before}${start}\n${table()}\n${end}${after}`);
}

function table(): string {
  const rows = found.map(({ mutation: { rule, guard, withoutBackstops }, finding: { found, schedules } }) => {
    const seen = found ? `${schedules}` : `not in ${schedules}`;
    return `| ${rule} | ${guard} | ${seen}${withoutBackstops ? ' *' : ''} | ${found?.mode ?? ''} |`;
  });
  return ['| rule | the guard | schedules until it is missed | mode |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}
