/** No space left, under load: what is refused, what is kept, and that all of it goes on once there is space again. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkRuns } from './check.ts';
import type { Told } from './demand.ts';
import { readEffects } from './effects.ts';
import { hasEnded } from './plans.ts';
import { type Actor, prepareStage, type Stage, startActor } from './processes.ts';

const timeout = 120_000;
const paddingBytes = 40_000;
const mostStarts = 1_000;
const refusals = 5;
const fillerBytes = 28 * 1024 ** 2;
const ballastBytes = 12 * 1024 ** 2;

let dir: string;
let stage: Stage;
let actors: Actor[];
let endings: (() => unknown)[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pawl-full-'));
  stage = await prepareStage(dir);
  actors = [];
  endings = [() => rmSync(dir, { recursive: true, force: true })];
});

afterEach(async () => {
  for (const { process } of actors) process.kill('SIGKILL');
  await Promise.all(actors.map(({ ended }) => ended));
  for (const end of endings.reverse()) await end();
});

async function begin(...args: Parameters<typeof startActor>): Promise<Actor> {
  const actor = startActor(...args);
  actors.push(actor);
  await actor.ready;
  return actor;
}

/** Starts runs until several have been refused, or the process is gone; answers with those that were accepted. */
async function startUntilFull({ ask, process }: Actor, codes: unknown[]): Promise<Told[]> {
  const told: Told[] = [];
  let refused = 0;
  for (let number = 0; refused < refusals; number += 1) {
    if (number === mostStarts) throw new Error('the disk does not fill');
    const key = `plan-${number}`;
    const input = { steps: 4, padding: 'x'.repeat(paddingBytes) };
    const plan = { key, workflow: 'sequence', unkeyed: false, letters: [], cancel: false, pauseMs: 0 };
    try {
      const { run } = await ask.startRun({ workflow: 'sequence', input, key });
      told.push({ plan: { ...plan, end: 'completed' }, id: run.id });
    } catch (fault) {
      if (process.exitCode !== null || process.signalCode !== null) break;
      expect(codes).toContain((fault as { code?: string }).code);
      refused += 1;
    }
  }
  expect(told.length).toBeGreaterThan(10);
  return told;
}

async function waitForAll({ ask }: Actor, told: Told[]): Promise<void> {
  for (const { id = '' } of told) {
    await expect.poll(async () => hasEnded(await ask.getRun(id)), { timeout: 70_000, interval: 200 }).toBe(true);
  }
}

/** Ends all processes in order, and looks at what they left. */
async function expectAllWell(told: Told[]): Promise<void> {
  for (const { process } of actors) process.kill('SIGTERM');
  await Promise.all(actors.map(({ ended }) => ended));
  const { facts, completed } = await checkRuns(stage.dataDir, told, readEffects(stage.effectsFile));
  expect(facts).toEqual([]);
  expect(completed).toBe(told.length);
}

function mountSmallDisk(path: string): string | undefined {
  mkdirSync(path);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path], { encoding: 'utf8' });
  if (mounted.status !== 0) return `a disk cannot be mounted here: ${mounted.stderr ?? mounted.error?.message}`;
  endings.push(() => spawnSync('umount', ['-l', path]));
  return undefined;
}

test('on a full disk starts are refused with 507, and all that was accepted goes on when there is space', {
  timeout,
}, async ({ skip }) => {
  const disk = join(dir, 'disk');
  const obstacle = mountSmallDisk(disk);
  if (obstacle !== undefined) skip(obstacle);
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(ballastBytes));
  stage = { ...stage, dataDir: join(disk, 'data') };
  const server = await begin(stage, 'server');
  const worker = await begin(stage, 'worker');
  const told = await startUntilFull(server, ['storage_full']);
  const filler = join(disk, 'filler');
  writeFileSync(filler, Buffer.alloc(fillerBytes));
  // What is there can be read, also by a process that is new.
  const { id = '' } = told[0] ?? {};
  worker.process.kill('SIGKILL');
  await worker.ended;
  const next = await begin(stage, 'worker');
  expect(await next.ask.getRun(id)).toMatchObject({ id });
  rmSync(filler);
  rmSync(ballast);
  await waitForAll(server, told);
  await expectAllWell(told);
});

test('where a file may not grow, which nobody can see coming, nothing that was accepted is lost', {
  timeout,
}, async () => {
  const limited = await begin(stage, 'worker', { shell: 'ulimit -f 5120' });
  const told = await startUntilFull(limited, ['storage_full', 'unavailable']);
  limited.process.kill('SIGKILL');
  await limited.ended;
  const free = await begin(stage, 'worker');
  await waitForAll(free, told);
  await expectAllWell(told);
});
