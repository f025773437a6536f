import { expect, test } from 'vitest';
import { createMemoryQueue } from '../../lib/adapters/memory/queue.ts';
import { createWorker } from '../../lib/service/worker.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, startIn, type World } from './harness.ts';

const flow = workflow({ name: 'flow' }, async (ctx) => {
  await ctx.step('a', () => 1);
  await ctx.sleep('1m');
  await ctx.step('b', () => 1);
});

/** A process with a worker on a queue that delivers. */
function workingProcess(world: World, definitions = [flow]) {
  const process = world.process('one', definitions);
  const queue = createMemoryQueue({ clock: world.clock });
  const ports = { ...process.ports, queue };
  return { process: { ...process, ports }, ports, queue, worker: createWorker(ports, { concurrency: 10 }) };
}

test('a worker drives a run through its waits to its end', async () => {
  const world = createWorld();
  const { process, worker } = workingProcess(world);
  worker.start();
  const run = await startIn(process, flow);
  await world.advance(1_000);
  expect((await world.head(run)).state.status).toBe('waiting');
  await world.advance(60_000);
  expect((await world.head(run)).state.status).toBe('completed');
  expect(world.started()).toEqual(['one:a#1', 'one:b#1']);
});

test('K10: a start message that comes while the worker looks at the run is not forgotten', async () => {
  const world = createWorld();
  const { process, ports, queue, worker } = workingProcess(world);
  const run = await startIn(process, flow);
  const [start] = await queue.receive({ max: 1, waitMs: 0 });
  await queue.ack(start?.receipt ?? '');
  process.trouble(({ method, nth }) => (method === 'read' && nth === 1 ? { do: 'delay', ms: 100 } : undefined));
  worker.start();
  await ports.queue.send({ kind: 'wake', run });
  await world.advance(50);
  await ports.queue.send({ kind: 'start', run, nonce: (await world.head(run)).birth.nonce });
  await world.advance(1_000);
  expect(world.started()).toEqual(['one:a#1']);
});

test('a turn that breaks off is tried again, with its message', async () => {
  const world = createWorld();
  const { process, worker } = workingProcess(world);
  const run = await startIn(process, flow);
  process.trouble(({ method, nth }) => (method === 'read' && nth <= 9 ? { do: 'refuse' } : undefined));
  worker.start();
  await world.advance(59_000);
  expect(world.troubles.length).toBeGreaterThan(0);
  // The first turn had begun the step while it tried to read the run.
  expect(world.started()).toEqual(['one:a#1', 'one:a#1']);
  expect((await world.head(run)).state.status).toBe('waiting');
});

test('draining lets a running step end, starts nothing more and hands the run back', async () => {
  const world = createWorld();
  const gate = hold();
  const two = workflow({ name: 'two' }, async (ctx) => {
    await ctx.step('a', () => gate.promise);
    await ctx.step('b', () => 1);
  });
  const { process, worker } = workingProcess(world, [two]);
  worker.start();
  const run = await startIn(process, two);
  await world.advance(10);
  const drained = worker.drain(5_000);
  await world.advance(100);
  gate.release();
  await world.until(drained);
  expect(world.started()).toEqual(['one:a#1']);
  expect(await world.lines(run)).toEqual(['1 task_completed a', '1 run_suspended']);
  const other = world.process('other', [two]);
  expect(await world.until(other.drive({ kind: 'wake', run }))).toBe('settled');
  expect(world.started()).toEqual(['one:a#1', 'other:b#1']);
});

test('draining leaves the claim of a step that runs at most once, so that nobody runs it again', async () => {
  const world = createWorld();
  const gate = hold();
  const pay = workflow({ name: 'pay' }, async (ctx) => {
    const side = ctx.step('side', () => gate.promise);
    await Promise.all([side, ctx.step('pay', () => new Promise(() => {}), { atMostOnce: true })]);
  });
  const { process, worker } = workingProcess(world, [pay]);
  worker.start();
  const run = await startIn(process, pay);
  await world.advance(10);
  const drained = worker.drain(15);
  gate.release();
  await world.until(drained);
  expect(await world.lines(run)).toContain('2 task_completed side');
  expect((await world.fold(run)).current.phase).toBe('claimed');
  await world.advance(31_000);
  const other = world.process('other', [pay]);
  expect(await world.until(other.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
  expect(world.started()).toEqual(['one:side#1', 'one:pay#1']);
});
