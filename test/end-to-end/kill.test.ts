import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type HistoryEntry, openPawl } from 'pawl';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededFraction } from '../kernel/harness.ts';

/**
 * The promise, tried on the real thing: the built command line as a process, killed at random moments, typed again.
 */

const cli = resolve(import.meta.dirname, '../../dist/cli.mjs');
const kills = 50;
const maxCommands = kills * 4;

// Each step writes down that it began: run, key, attempt, time.
const workflows = `
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { workflow } from 'pawl';

export const shift = workflow({ name: 'shift' }, async (ctx, input: { name: string }) => {
  const effect = (key: string, ms: number) => async () => {
    appendFileSync('effects.txt', [input.name, key, Date.now()].join(' ') + '\\n');
    await wait(ms);
    return key;
  };
  for (let i = 0; i < 6; i += 1) await ctx.step('first-' + i, effect('first-' + i, 60));
  await ctx.map('side', [...Array(8).keys()], (item, inner) => inner.step('work', effect('side/' + item + '/work', 90)), { concurrency: 4 });
  const race = await ctx.race('race', {
    quick: (inner) => inner.step('quick', effect('race/quick/quick', 40)),
    slow: (inner) => inner.sleep('1h'),
  });
  await ctx.sleep(150);
  for (let i = 0; i < 6; i += 1) await ctx.step('last-' + i, effect('last-' + i, 60));
  return race.winner;
});
`;

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pawl-kill-'));
  writeFileSync(join(dir, 'package.json'), '{ "name": "killed" }');
  writeFileSync(join(dir, 'workflows.ts'), workflows);
  writeFileSync(join(dir, 'pawl.config.json'), '{ "workflows": "workflows.ts" }');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Types the command; kills it after `killAfterMs` unless it has ended by then. */
async function type(name: string, killAfterMs: number): Promise<'killed' | { code: number | null; out: string }> {
  const words = ['run', 'shift', '--input', JSON.stringify({ name }), '--key', name, '--json'];
  const child = spawn(process.execPath, [cli, ...words], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return signal === 'SIGKILL' ? 'killed' : { code, out };
}

async function historyOf(id: string): Promise<HistoryEntry[]> {
  const pawl = await openPawl({ workflows: [], dataDir: join(dir, '.pawl'), worker: false });
  try {
    return (await pawl.getHistory(id, { limit: 1_000 })).items;
  } finally {
    await pawl.close();
  }
}

interface Effect {
  run: string;
  key: string;
  at: number;
}

function readEffects(): Effect[] {
  const lines = readFileSync(join(dir, 'effects.txt'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [run = '', key = '', at] = line.split(' ');
    return { run, key, at: Number(at) };
  });
}

test('a run killed at 50 random moments always completes, records each outcome once, and repeats no recorded step', {
  timeout: 240_000,
}, async () => {
  // The same moments in every run of this test.
  const random = seededFraction(20);
  const ended = new Map<string, string>();
  let killed = 0;
  // The first command is left alone, and says how long one takes on this machine: the others are killed within that time.
  const began = performance.now();
  const first = await type('first', 60_000);
  const longestMs = performance.now() - began;
  expect(first).toMatchObject({ code: 0 });
  for (let typed = 0; killed < kills || !ended.has(`run-${ended.size - 1}`); typed += 1) {
    expect(typed, 'commands typed').toBeLessThan(maxCommands);
    const name = `run-${ended.size}`;
    const result = await type(name, random() * longestMs);
    if (result === 'killed') {
      killed += 1;
      continue;
    }
    expect(result).toMatchObject({ code: 0 });
    const run = JSON.parse(result.out) as { id: string; status: string; output: string };
    expect(run).toMatchObject({ status: 'completed', output: 'quick' });
    ended.set(name, run.id);
  }
  expect(killed).toBeGreaterThanOrEqual(kills);

  const effects = readEffects();
  for (const [name, id] of ended) {
    const history = await historyOf(id);
    const outcomes = history.filter(({ type }) => type === 'task_completed' || type === 'task_failed');
    const keys = outcomes.map(({ key }) => key);
    expect(new Set(keys).size, `outcomes of ${name}`).toBe(keys.length);
    for (const outcome of outcomes) {
      const later = effects.filter(
        ({ run, key, at }) => run === name && key === outcome.key && at > Date.parse(outcome.at),
      );
      expect(later, `${name}: ${String(outcome.key)} was recorded at ${outcome.at} and ran again`).toEqual([]);
    }
    expect(keys.filter((key) => !String(key).startsWith('sleep'))).toHaveLength(21);
  }
});
