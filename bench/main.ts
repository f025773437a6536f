/**
 * `npm run bench`: measures each part in a process of its own, and prints one table. Exit code 1: a target is missed.
 * Options: see `help`.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Growth } from './growth.ts';
import { growthParts, growthTable, plotOf } from './growth-plots.ts';
import { calibrationText, loadText, machineText } from './machine.ts';
import { markdownOf, writeBlocks, writeImage } from './page.ts';
import { parts } from './parts.ts';
import { type Measured, rowsOf } from './rows.ts';
import { isMissed, markdownTable, plainTable } from './table.ts';

const help = `npm run bench -- [options]
  --only <parts>   only these, separated by commas: ${Object.keys(parts).join(', ')};
                   with --growth: ${Object.keys(growthParts).join(', ')}
  --growth         instead of the table: how time grows with size, some minutes; its plots are written to docs/img
  --up-to <size>   of --growth only sizes up to this
  --cold-start     instead of the table: what each function and package takes to import
  --table          the table; with --write nothing else
  --write          docs/performance.md with the figures: all of them, or with --table, --growth or --cold-start only those
  --help           print this`;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    growth: { type: 'boolean', default: false },
    'up-to': { type: 'string', default: '1000000' },
    'cold-start': { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const partProcess = fileURLToPath(new URL('part-process.mjs', import.meta.url));
const only = flags.only?.split(',');

if (flags.help) console.log(help);
else await bench();

async function inProcess(name: string): Promise<unknown> {
  // The system's temporary folder may be in memory, where an fsync costs nothing.
  mkdirSync('.pawl', { recursive: true });
  const folder = mkdtempSync(join('.pawl', 'bench-'));
  const began = performance.now();
  process.stderr.write(`measuring: ${name} …`);
  try {
    const child = fork(partProcess, [name, folder, flags['up-to']]);
    const [result] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`The part '${name}' ended without a result`);
      }),
    ])) as [unknown];
    child.kill();
    process.stderr.write(` ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bench(): Promise<void> {
  const { growth, table, write, 'cold-start': coldStart } = flags;
  const blocks: Record<string, string> = {};
  const isOnlyOne = growth || coldStart;
  const isAll = write && !isOnlyOne && !table;
  if (!isOnlyOne) Object.assign(blocks, await measureTable());
  if (isAll || growth) Object.assign(blocks, await measureGrowths());
  if (isAll || coldStart) blocks['cold start'] = await measureColdStarts();
  if (write) writeBlocks(blocks);
}

async function measureTable(): Promise<Record<string, string>> {
  const names = only === undefined ? Object.keys(parts) : ['calibrate', ...only];
  for (const name of names) if (!(name in parts)) throw new Error(`The bench has no part '${name}'\n${help}`);
  const headline = `${machineText()}; ${loadText()}`;
  const measured: Record<string, unknown> = {};
  for (const name of new Set(names)) measured[name] = await inProcess(name);
  const figures = measured as Measured;
  const rows = rowsOf(figures);
  const machine = [headline, ...(figures.calibrate ? [calibrationText(figures.calibrate)] : [])];
  console.log([...machine, plainTable(rows), ''].join('\n'));
  console.log(
    '× plain: beside plain awaited writes of the same store, in between; less is better. DynamoDB: on dynalite.',
  );
  if (rows.some(isMissed)) process.exitCode = 1;
  return { machine: machine.map((text) => `- ${text}`).join('\n'), table: markdownTable(rows) };
}

async function measureGrowths(): Promise<Record<string, string>> {
  const blocks: Record<string, string> = {};
  for (const [name, part] of Object.entries(growthParts)) {
    if (only && !only.includes(name)) continue;
    const series = (await inProcess(name)) as Growth;
    writeImage(part.file, plotOf(part, series));
    const table = growthTable(part, series);
    blocks[name] = markdownOf(table);
    console.log([part.title, ...table.map((cells) => cells.join('\t')), ''].join('\n'));
  }
  return blocks;
}

async function measureColdStarts(): Promise<string> {
  process.stderr.write('measuring: cold starts …\n');
  const { stdout, status } = spawnSync('npx', ['tsx', 'bench/cold-start.ts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error('The cold starts were not measured');
  console.log(stdout);
  return ['```', stdout.trimEnd(), '```'].join('\n');
}
