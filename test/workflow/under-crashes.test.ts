import { CancelledError, type Context, type Durability, Fault, workflow } from 'pawl';
import { createTestPawl, replay, type TestPawl, type TestRun } from 'pawl/testing';
import { expect, test } from 'vitest';
import { seededFraction } from '../kernel/harness.ts';

/**
 * Random workflows of nested steps, waits, maps, races and children, while their processes die at random moments. Each
 * either completes or was cancelled, has one outcome per task, leaves nothing open, and fits its own replay.
 */

interface Plan {
  does: string;
  size: number;
  parts: Plan[];
}

const simple = ['step', 'slow step', 'failing step', 'sleep', 'signal', 'chance'];
const nested = ['in turn', 'map', 'tolerant map', 'all', 'race', 'child', 'step'];

function makePlan(random: () => number, depth: number): Plan {
  const choices = depth === 0 ? simple : nested;
  const does = choices[Math.floor(random() * choices.length)] as string;
  const size = 1 + Math.floor(random() * 3);
  const isNested = depth > 0 && does !== 'step';
  return { does, size, parts: isNested ? Array.from({ length: size }, () => makePlan(random, depth - 1)) : [] };
}

/** A failure is as good as a result, but a cancel is not to be survived. */
function nameOf(error: Error): string {
  if (error instanceof CancelledError) throw error;
  return error.name;
}

async function follow(ctx: Context, { does, size, parts }: Plan): Promise<unknown> {
  const branches = () =>
    Object.fromEntries(parts.map((part, index) => [`branch ${index}`, (scope: Context) => follow(scope, part)]));
  switch (does) {
    case 'step':
      return ctx.step(`step ${size}`, () => 'done', { compensate: () => 'undone' });
    case 'slow step':
      return ctx.step('slow', () => 'done');
    case 'failing step':
      return ctx.step('failing', () => Promise.reject(new RangeError()), { retry: { attempts: 2 } }).catch(nameOf);
    case 'sleep':
      return ctx.sleep(size * 400).then(() => 'slept');
    case 'signal':
      return ctx.signal('go', { timeout: size * 5_000 }).catch(nameOf);
    case 'chance':
      return [ctx.random(), ctx.uuid()];
    case 'in turn':
      return ctx.map('in turn', parts, (part, scope) => follow(scope, part), { concurrency: 1 });
    case 'map':
      return ctx.map('map', parts, (part, scope) => follow(scope, part));
    case 'tolerant map': {
      const results = await ctx.map('map', parts, (part, scope) => follow(scope, part), { tolerate: 9 });
      return results.map(({ status }) => status);
    }
    case 'all':
      return ctx.all('all', branches());
    case 'race':
      return ctx.race('race', branches());
    default:
      return ctx.child('planned', parts[0]);
  }
}

async function unlessSettled(tell: Promise<unknown>): Promise<void> {
  await tell.catch((error: unknown) => {
    if (!(error instanceof Fault && error.code === 'settled')) throw error;
  });
}

/** Kills processes while the run waits, and in the middle of what it does. */
async function disturb(t: TestPawl, run: TestRun, random: () => number): Promise<void> {
  for (let crashes = Math.floor(random() * 3); crashes > 0; crashes -= 1) {
    if (random() < 0.5) await t.advance(Math.floor(random() * 2_500));
    else for (let turns = Math.floor(random() * 40); turns > 0; turns -= 1) await new Promise(setImmediate);
    await t.crash();
  }
  if (random() < 0.2) await unlessSettled(run.pause().then(() => run.resume()));
  if (random() < 0.2) await unlessSettled(run.cancel());
}

async function runPlan(seed: number): Promise<void> {
  const random = seededFraction(seed);
  const durability = (['each', 'relaxed', 'none'] as const satisfies Durability[])[seed % 3] as Durability;
  const planned = workflow({ name: 'planned', durability }, follow);
  const t = await createTestPawl({ workflows: [planned], seed });
  t.step('slow', (_attempt, original) => original(), { takes: '3s' });
  const run = await t.start(planned, makePlan(random, 3));
  for (const after of [1, 2, 3]) await run.signal('go', after, { after: Math.floor(random() * 9_000) });
  await disturb(t, run, random);

  const { status, output, error } = await run.ended();
  expect(status === 'failed' ? error : undefined).toBeUndefined();
  const replayed = await replay(planned, JSON.parse(JSON.stringify(await run.export())));
  if (status === 'completed') expect(JSON.stringify(replayed)).toBe(JSON.stringify({ status, output }));

  const ends = (await run.history()).filter(({ type }) => type === 'task_completed' || type === 'task_failed');
  expect(ends.length).toBe(new Set(ends.map(({ key }) => key)).size);
  await t.settle();
  for (const { closedAt } of (await t.api.listRuns({ limit: 200 })).items) expect(closedAt).toBeDefined();
}

test('random workflows survive random crashes', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    await runPlan(seed).catch((error: unknown) => {
      throw new Error(`With seed ${seed}`, { cause: error });
    });
  }
}, 60_000);
