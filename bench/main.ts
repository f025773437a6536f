/**
 * `npm run bench`: measures each part in a process of its own, and prints one table. Exit code 1: a target is missed.
 * Options: see `help`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { calibrationText, loadText, machineText } from './machine.ts';
import { parts } from './parts.ts';
import { type Measured, rowsOf } from './rows.ts';
import { isMissed, plainTable } from './table.ts';

const help = `npm run bench -- [options]
  --only <parts>   measure only these, separated by commas: ${Object.keys(parts).join(', ')}
  --help           print this`;

const { values: flags } = parseArgs({
  options: {
    /** For the process of one part. */
    part: { type: 'string' },
    folder: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (flags.part !== undefined) process.send?.(await partNamed(flags.part)(flags.folder ?? ''));
else if (flags.help) console.log(help);
else await bench();

function partNamed(name: string): (folder: string) => Promise<unknown> {
  const part = Object.entries(parts).find(([each]) => each === name)?.[1];
  if (part === undefined) throw new Error(`The bench has no part ${name}\n${help}`);
  return part;
}

async function inProcess(name: string): Promise<unknown> {
  // The system's temporary folder may be in memory, where an fsync costs nothing.
  mkdirSync('.pawl', { recursive: true });
  const folder = mkdtempSync(join('.pawl', 'bench-'));
  const began = performance.now();
  process.stderr.write(`measuring: ${name} …`);
  try {
    const child = fork(fileURLToPath(import.meta.url), ['--part', name, '--folder', folder]);
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
  const names = flags.only === undefined ? Object.keys(parts) : ['calibrate', ...flags.only.split(',')];
  for (const name of names) partNamed(name);
  const headline = `${machineText()}; ${loadText()}`;
  const measured: Record<string, unknown> = {};
  for (const name of new Set(names)) measured[name] = await inProcess(name);
  const figures = measured as Measured;
  const rows = rowsOf(figures);
  console.log(headline);
  if (figures.calibrate) console.log(calibrationText(figures.calibrate));
  console.log(`${plainTable(rows)}\n`);
  console.log(
    '× plain: beside plain awaited writes of the same store, measured in between; less is better. DynamoDB: on dynalite.',
  );
  process.exitCode = rows.some(isMissed) ? 1 : 0;
}
