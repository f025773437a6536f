import { describe, expect, test } from 'vitest';
import { createMemoryChanges } from '../../lib/adapters/memory/changes.ts';
import { createPollingChanges } from '../../lib/adapters/polling/changes.ts';
import { createTombstone } from '../../lib/kernel/create-run.ts';
import { deleteRun } from '../../lib/service/delete-run.ts';
import { awaitEnd, watchForEnd, watchRun } from '../../lib/service/watch-run.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, type Process, signalMail, startIn, type World } from '../kernel/harness.ts';

const fallbackMs = 5_000;

const flow = workflow({ name: 'flow' }, async (ctx) => {
  await ctx.signal('go');
  await ctx.step('a', () => 1);
  await ctx.signal('end');
  return 'out';
});

/** A driver and a watcher. `hints`: whether the watcher hears of changes. */
async function watched({ hints = true }: { hints?: boolean } = {}) {
  const world = createWorld();
  const one = world.process('one', [flow]);
  const changes = createMemoryChanges();
  const driver: Process = hints ? withChanges(world, changes) : one;
  const watcher = world.process('watcher', []);
  const ports = hints ? { ...watcher.ports, changes } : watcher.ports;
  const run = await startIn(driver, flow);
  await world.until(driver.drive(world.take('start')));
  return { world, driver, watcher, ports, changes, run };
}

/** A process that publishes what it writes. */
function withChanges(world: World, changes: ReturnType<typeof createMemoryChanges>): Process {
  const process = world.process('driver', [flow]);
  process.ports.changes = changes;
  return process;
}

async function signal(world: World, driver: Process, run: string, name: string): Promise<void> {
  await world.until(driver.drive(await signalMail(world, run, name)));
}

/** The types of the events that were given so far, and whether it is over. */
function collect(entries: AsyncIterable<{ seq: number; type: string }>) {
  const seen = { types: [] as string[], seqs: [] as number[], over: false, error: undefined as unknown };
  const reading = (async () => {
    for await (const { seq, type } of entries) {
      seen.types.push(type);
      seen.seqs.push(seq);
    }
  })();
  reading
    .catch((error: unknown) => {
      seen.error = error;
    })
    .finally(() => {
      seen.over = true;
    });
  return seen;
}

/** A driver that stands still where it has ended a run and not yet started the one that goes on; two who look. */
async function betweenTwoRuns() {
  const world = createWorld();
  const changes = createMemoryChanges();
  const chain = workflow({ name: 'chain' }, async (ctx, left: number) =>
    left === 0 ? 'out' : ctx.continueAs(left - 1),
  );
  const driver = world.process('driver', [chain]);
  driver.ports.changes = changes;
  const run = await startIn(driver, chain, 1);
  const ports = { ...world.process('watcher', []).ports, changes };
  const seen = collect(watchRun(ports, run, {}));
  const end = awaitEnd(ports, run);
  await world.settle();
  driver.trouble(({ method, nth }) => (method === 'create' && nth === 2 ? { do: 'stall', when: 'before' } : undefined));
  const turn = driver.drive(world.take('start'));
  await world.settle();
  return { world, driver, turn, seen, end };
}

test('a run that goes on as another is over once that one is there', async () => {
  const { world, driver, turn, seen, end } = await betweenTwoRuns();
  let known = false;
  void end.then(() => {
    known = true;
  });
  await world.advance(fallbackMs);
  expect(seen).toMatchObject({ types: ['run_completed'], over: false });
  expect(known).toBe(false);
  driver.thaw();
  await world.until(turn);
  await world.settle();
  expect(seen).toMatchObject({ types: ['run_completed'], over: true, error: undefined });
  const next = (await end)?.continuedAs?.id as string;
  expect(await world.store.readHead(next)).toBeDefined();
});

describe('watching', () => {
  test('gives what is there, then each event as it is recorded, once, and ends with the run', async () => {
    const { world, driver, ports, run } = await watched();
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    expect(seen.types).toEqual(['run_suspended']);
    await signal(world, driver, run, 'go');
    await world.settle();
    expect(seen).toMatchObject({ over: false, seqs: [1, 2, 3, 4] });
    await signal(world, driver, run, 'end');
    await world.settle();
    expect(seen).toMatchObject({ over: true, error: undefined, seqs: [1, 2, 3, 4, 5, 6] });
    expect(seen.types.at(-1)).toBe('run_completed');
  });

  test('begins after what was seen', async () => {
    const { world, driver, ports, run } = await watched();
    const seen = collect(watchRun(ports, run, { after: 2 }));
    await signal(world, driver, run, 'go');
    await world.settle();
    expect(seen.seqs).toEqual([3, 4]);
  });

  test('a run that has ended gives all of it and is over', async () => {
    const { world, driver, ports, run } = await watched();
    await signal(world, driver, run, 'go');
    await signal(world, driver, run, 'end');
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    expect(seen).toMatchObject({ over: true, seqs: [1, 2, 3, 4, 5, 6] });
  });

  test('reads nothing while nothing is hinted', async () => {
    const { world, watcher, ports, run } = await watched();
    collect(watchRun(ports, run, {}));
    await world.advance(fallbackMs - 1);
    expect(watcher.calls.filter(({ method }) => method === 'read')).toHaveLength(1);
  });

  test('where hints are lost it looks again after five seconds', async () => {
    const { world, driver, ports, run } = await watched({ hints: false });
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    await signal(world, driver, run, 'go');
    expect(seen.seqs).toEqual([1]);
    await world.advance(fallbackMs);
    expect(seen.seqs).toEqual([1, 2, 3, 4]);
  });

  test('where changes are polled it looks again soon, and then less often', async () => {
    const { world, driver, watcher, run } = await watched({ hints: false });
    const changes = createPollingChanges({ clock: world.clock, firstMs: 250, maxMs: 2_000 });
    const seen = collect(watchRun({ ...watcher.ports, changes }, run, {}));
    await world.settle();
    await signal(world, driver, run, 'go');
    await world.advance(249);
    expect(seen.seqs).toEqual([1]);
    await world.advance(1);
    expect(seen.seqs).toEqual([1, 2, 3, 4]);
    await world.advance(7_750);
    expect(watcher.calls.filter(({ method }) => method === 'read')).toHaveLength(1 + 6);
  });

  test('a hint that comes while it reads is not lost', async () => {
    const { world, driver, watcher, ports, run } = await watched();
    watcher.trouble(({ method, nth }) => (method === 'read' && nth === 1 ? { do: 'stall', when: 'after' } : undefined));
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    await signal(world, driver, run, 'go');
    watcher.thaw();
    await world.settle();
    expect(seen.seqs).toEqual([1, 2, 3, 4]);
  });

  test('ends quietly when its signal aborts, while it waits', async () => {
    const { world, ports, run } = await watched();
    const stop = new AbortController();
    const seen = collect(watchRun(ports, run, { signal: stop.signal }));
    await world.settle();
    expect(seen.over).toBe(false);
    stop.abort();
    await world.settle();
    expect(seen).toMatchObject({ over: true, error: undefined, seqs: [1] });
  });

  test('ends quietly when its signal aborts, between two events', async () => {
    const { world, driver, ports, run } = await watched();
    await signal(world, driver, run, 'go');
    const stop = new AbortController();
    const seqs: number[] = [];
    for await (const { seq } of watchRun(ports, run, { signal: stop.signal })) {
      seqs.push(seq);
      if (seq === 2) stop.abort();
    }
    expect(seqs).toEqual([1, 2]);
  });

  test('with a signal that has aborted gives nothing and asks for nothing', async () => {
    const { world, watcher, ports, run } = await watched();
    const seen = collect(watchRun(ports, run, { signal: AbortSignal.abort() }));
    await world.settle();
    expect(seen).toMatchObject({ over: true, error: undefined, seqs: [] });
    expect(watcher.calls).toEqual([]);
  });

  test('is told that there is no such run, at once or once it is deleted', async () => {
    const { world, ports, changes, run } = await watched();
    const nobody = collect(watchRun(ports, 'nobody', {}));
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    expect(nobody.error).toMatchObject({ code: 'not_found', message: 'There is no run nobody' });
    await world.store.deleteRun(run, (await world.head(run)).birth.nonce);
    changes.publish(run);
    await world.settle();
    expect(seen.error).toMatchObject({ code: 'not_found', message: `There is no run ${run}` });
  });

  test('does not mistake a later run under the same id for its own', async () => {
    const { world, ports, changes, run } = await watched();
    const seen = collect(watchRun(ports, run, {}));
    await world.settle();
    const head = await world.head(run);
    await world.store.deleteRun(run, head.birth.nonce);
    await world.store.create({ ...head, birth: { ...head.birth, nonce: 'later' }, position: 0 });
    changes.publish(run);
    await world.settle();
    expect(seen.error).toMatchObject({ code: 'not_found' });
  });

  test('a child that was cancelled before it existed is over at once', async () => {
    const { world, ports, run } = await watched();
    await createTombstone(ports, (await world.head(run)).birth, { id: 'never', workflow: 'inner' });
    const seen = collect(watchRun(ports, 'never', {}));
    await world.settle();
    expect(seen).toMatchObject({ over: true, error: undefined, seqs: [] });
  });
});

describe('awaiting the end', () => {
  test('reads nothing on the way, whatever is recorded, and knows the end', async () => {
    const { world, driver, watcher, ports, run } = await watched();
    const end = awaitEnd(ports, run);
    await world.settle();
    const before = watcher.calls.length;
    await signal(world, driver, run, 'go');
    await world.settle();
    expect(watcher.calls).toHaveLength(before);
    await signal(world, driver, run, 'end');
    expect(await world.until(end)).toMatchObject({ type: 'run_completed', output: '"out"' });
  });

  test('hints that know nothing make it look', async () => {
    const { world, driver, ports, run } = await watched({ hints: false });
    ports.changes = createPollingChanges({ clock: ports.clock, firstMs: 250, maxMs: 250 });
    const end = awaitEnd(ports, run);
    await world.settle();
    await signal(world, driver, run, 'go');
    await signal(world, driver, run, 'end');
    await world.advance(250);
    expect(await end).toMatchObject({ type: 'run_completed' });
  });

  test('as a watch without entries is over with the run', async () => {
    const { world, driver, ports, run } = await watched();
    const seen = collect(watchForEnd(ports, run));
    await signal(world, driver, run, 'go');
    expect(seen.over).toBe(false);
    await signal(world, driver, run, 'end');
    await world.settle();
    expect(seen).toMatchObject({ over: true, error: undefined, seqs: [] });
  });

  test('of a run that has ended is at once', async () => {
    const { world, driver, ports, run } = await watched();
    await signal(world, driver, run, 'go');
    await signal(world, driver, run, 'end');
    expect(await awaitEnd(ports, run)).toMatchObject({ type: 'run_completed' });
  });

  test('where hints are lost it looks again after five seconds', async () => {
    const { world, driver, ports, run } = await watched({ hints: false });
    let over = false;
    const end = awaitEnd(ports, run).finally(() => {
      over = true;
    });
    await world.settle();
    await signal(world, driver, run, 'go');
    await signal(world, driver, run, 'end');
    await world.settle();
    expect(over).toBe(false);
    await world.advance(fallbackMs);
    expect(await end).toMatchObject({ type: 'run_completed' });
  });

  test('of a run that did not complete is no end to go on from', async () => {
    const { world, ports, run } = await watched();
    await createTombstone(ports, (await world.head(run)).birth, { id: 'never', workflow: 'inner' });
    expect(await world.until(awaitEnd(ports, 'never'))).toBeUndefined();
  });

  test('can be given up', async () => {
    const { world, ports, run } = await watched();
    const stop = new AbortController();
    const end = awaitEnd(ports, run, stop.signal);
    await world.settle();
    stop.abort();
    expect(await world.until(end)).toBeUndefined();
    expect(await awaitEnd(ports, run, AbortSignal.abort())).toBeUndefined();
  });

  test('of a run that is deleted meanwhile is not found', async () => {
    const { world, driver, ports, run } = await watched({ hints: false });
    const end = awaitEnd(ports, run).catch((error: unknown) => error);
    await world.settle();
    await signal(world, driver, run, 'go');
    await signal(world, driver, run, 'end');
    await deleteRun(driver.ports, run);
    expect(await world.until(end)).toMatchObject({ code: 'not_found' });
  });
});
