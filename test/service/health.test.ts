import { describe, expect, test } from 'vitest';
import { createMemoryQueue } from '../../lib/adapters/memory/queue.ts';
import { checkHealth } from '../../lib/service/health.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, type Process, startIn, type World } from '../kernel/harness.ts';

const forever = workflow({ name: 'forever' }, (ctx) => ctx.signal('never'));
const graceMs = 30_000;
const twoMinutes = 120_000;

function setUp(): { world: World; one: Process; check: (workers?: number) => ReturnType<typeof checkHealth> } {
  const world = createWorld();
  const one = world.process('one', [forever]);
  return { world, one, check: (workers = 1) => checkHealth(one.ports, workers, '1.2.3') };
}

async function blockedRun(world: World, one: Process): Promise<void> {
  const run = await startIn(one, forever);
  const { birth } = await world.head(run);
  const state = { status: 'blocked', wakeAt: birth.deadline, reason: 'No such code' } as const;
  await world.store.updateHead(run, { state }, { nonce: birth.nonce });
}

describe('Pawl is', () => {
  test('healthy while the store answers, a worker is at work and nothing stands still', async () => {
    const { world, one, check } = setUp();
    await startIn(one, forever);
    await world.advance(graceMs);
    expect(await check(2)).toEqual({
      status: 'healthy',
      workers: 2,
      version: '1.2.3',
      checks: [
        { name: 'store', status: 'healthy', message: 'The store answers' },
        { name: 'workers', status: 'healthy', message: '2 at work' },
        { name: 'overdue', status: 'healthy', message: 'No run is overdue' },
        { name: 'blocked', status: 'healthy', message: 'No run is blocked' },
        { name: 'dead letters', status: 'healthy', message: 'No message ran out of receives' },
      ],
    });
  });

  test('a warning without a worker: runs are accepted and wait', async () => {
    const { check } = setUp();
    const { status, checks } = await check(0);
    expect(status).toBe('warning');
    expect(checks).toContainEqual({
      name: 'workers',
      status: 'warning',
      message: 'No worker is running: runs are accepted and wait',
    });
  });

  test('a warning where a run is blocked', async () => {
    const { world, one, check } = setUp();
    await blockedRun(world, one);
    const { status, checks } = await check();
    expect(status).toBe('warning');
    expect(checks).toContainEqual({
      name: 'blocked',
      status: 'warning',
      message: '1 run cannot go on: list them with status blocked',
    });
  });

  test('critical where a run should have gone on two minutes ago', async () => {
    const { world, one, check } = setUp();
    await startIn(one, forever);
    await world.advance(graceMs + twoMinutes - 1);
    expect((await check()).status).toBe('healthy');
    await world.advance(1);
    const { status, checks } = await check();
    expect(status).toBe('critical');
    expect(checks).toContainEqual({
      name: 'overdue',
      status: 'critical',
      message: '1 run should have gone on more than 2 min ago: is a sweeper running?',
    });
  });

  test.each([
    [1, '1 message could not be handled: redrive sends them once more'],
    [2, '2 messages could not be handled: redrive sends them once more'],
  ])('a warning with dead letters: %i', async (count, message) => {
    const { world, one } = setUp();
    const queue = createMemoryQueue({ clock: world.clock, receiveLimit: 1 });
    for (let i = 0; i < count; i += 1) await queue.send({ kind: 'wake', run: `run-${i}` });
    for (const { receipt } of await queue.receive({ max: count, waitMs: 0 })) await queue.retry(receipt, 0);
    const { status, checks } = await checkHealth({ ...one.ports, queue }, 1, '1.2.3');
    expect(status).toBe('warning');
    expect(checks).toContainEqual({ name: 'dead letters', status: 'warning', message });
  });

  test('unhealthy while the store is away; then nothing else is asked of it', async () => {
    const { one, check } = setUp();
    one.trouble(() => ({ do: 'refuse' }));
    expect(await check(0)).toMatchObject({
      status: 'unhealthy',
      checks: [
        { name: 'store', status: 'unhealthy', message: 'The store is unavailable (test)' },
        { name: 'workers', status: 'warning' },
      ],
    });
    expect(one.calls).toHaveLength(1);
  });

  test('as bad as the worst of it', async () => {
    const { world, one, check } = setUp();
    await blockedRun(world, one);
    await startIn(one, forever);
    await world.advance(graceMs + twoMinutes);
    expect((await check(0)).status).toBe('critical');
  });
});

test.each([
  [2, '2 runs'],
  [99, '99 runs'],
  [100, '100 runs or more'],
  [101, '100 runs or more'],
])('of %i runs that stand still it says: %s', async (count, text) => {
  const { world, one, check } = setUp();
  for (let i = 0; i < count; i += 1) await blockedRun(world, one);
  const { checks } = await check();
  expect(checks.find(({ name }) => name === 'blocked')?.message).toBe(
    `${text} cannot go on: list them with status blocked`,
  );
});

test('unhealthy, and says so, where the store answers but one of the checks cannot be made', async () => {
  const { one } = setUp();
  const store = { ...one.ports.store, listDue: () => Promise.reject(new Error('the index is away')) };
  const health = await checkHealth({ ...one.ports, store }, 1, '1.2.3');
  expect(health.status).toBe('unhealthy');
  expect(health.checks).toContainEqual({ name: 'overdue', status: 'unhealthy', message: 'the index is away' });
});
