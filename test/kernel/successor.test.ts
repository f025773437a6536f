/** A run that goes on as another: what it was told and has not used is for its successor. */
import { expect, test } from 'vitest';
import { tell } from '../../lib/kernel/tell.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, mailMessage, type Process, startIn, type World } from './harness.ts';

/** Goes on as another so many times; the last one waits for a signal. */
function chainIn(world: World) {
  return workflow({ name: 'chain' }, async (ctx, { more }: { more: number }) => {
    if (more === 0) return ctx.signal<string>('name');
    await ctx.step('work', () => world.sleep(100));
    return ctx.continueAs({ more: more - 1 });
  });
}

function named(world: World, payload: string) {
  return { type: 'run_signalled', id: payload, at: world.clock.now(), name: 'name', payload } as const;
}

async function successorOf(world: World, run: string): Promise<string> {
  const { current } = await world.fold(run);
  const end = current.phase === 'settled' ? current.end : undefined;
  return (end?.type === 'run_completed' && end.continuedAs?.id) || '';
}

/** The successor is there, and has heard nothing yet. */
function stallBeforeHandingOver(process: Process): void {
  let hasSuccessor = false;
  process.trouble(({ method }) => {
    hasSuccessor ||= method === 'create';
    return hasSuccessor && method === 'read' ? { do: 'stall', when: 'before' } : undefined;
  });
}

test('K22: a signal that was accepted before a run went on as another one, and comes after, goes to the successor', async () => {
  const world = createWorld();
  const chain = chainIn(world);
  const one = world.process('one', [chain]);
  const run = await startIn(one, chain, { more: 1 });
  const { nonce } = (await world.head(run)).birth;
  expect(await world.until(one.drive(world.take('start')))).toBe('settled');
  const next = await successorOf(world, run);
  await world.deliverAll(one);
  await world.until(one.drive(mailMessage(run, nonce, named(world, '"Ada"'))));
  await world.deliverAll(one);
  expect((await world.fold(next)).current).toMatchObject({ end: { output: '"Ada"' } });
});

test.each(['before', 'after'] as const)(
  'K22: where the queue forgets, whoever signals a run that goes on as another passes it on, %s its head is closed',
  async (when) => {
    const world = createWorld({ durableQueue: false });
    const chain = chainIn(world);
    const one = world.process('one', [chain]);
    const run = await startIn(one, chain, { more: 1 });
    const { birth } = await world.head(run);
    // Whoever has handed over what there was stands still.
    one.trouble(({ method, args }) => (method === 'updateHead' && args[0] === run ? { do: 'stall', when } : undefined));
    void one.drive(world.take('start'));
    await world.advance(1_000);
    const two = world.process('two', [chain]);
    await tell(two.ports, birth, named(world, '"Ada"'));
    one.kill();
    const next = await successorOf(world, run);
    // No mail's message is left.
    await world.until(two.drive(world.take('start')));
    expect((await world.fold(next)).current).toMatchObject({ end: { output: '"Ada"' } });
  },
);

test('K22: where the queue forgets, what is handed over to a run that has ended, too, goes to the one after it', async () => {
  const world = createWorld({ durableQueue: false });
  const chain = chainIn(world);
  const one = world.process('one', [chain]);
  const run = await startIn(one, chain, { more: 2 });
  const { birth } = await world.head(run);
  stallBeforeHandingOver(one);
  const ended = one.drive(world.take('start'));
  await world.advance(50);
  const two = world.process('two', [chain]);
  await tell(two.ports, birth, named(world, '"Ada"'));
  await world.advance(1_000);
  const next = await successorOf(world, run);
  await world.until(two.drive(world.take('start')));
  await world.until(two.drive(world.take('start')));
  const last = await successorOf(world, next);
  expect((await world.head(last)).state.status).toBe('waiting');
  one.trouble(undefined);
  one.thaw();
  await world.until(ended);
  // Messages are lost with the process.
  world.messages.splice(0);
  await world.until(two.drive({ kind: 'wake', run: last, from: 'sweeper' }));
  expect((await world.fold(last)).current).toMatchObject({ end: { output: '"Ada"' } });
});

test('K7: what a run is told that was started anew meanwhile is not handed over to the successor of the one before it', async () => {
  const world = createWorld({ durableQueue: false });
  const chain = chainIn(world);
  const [one, two] = [world.process('one', [chain]), world.process('two', [chain])];
  const run = await startIn(one, chain, { more: 1 });
  const { birth } = await world.head(run);
  stallBeforeHandingOver(one);
  void one.drive(world.take('start')).catch(() => {});
  await world.advance(1_000);
  const next = await successorOf(world, run);
  await world.until(two.drive({ kind: 'wake', run }));
  await world.store.deleteRun(run, birth.nonce);
  const anew = { ...birth, nonce: 'anew', createdAt: world.clock.now() };
  await world.store.create({
    birth: anew,
    position: 0,
    state: { status: 'running', wakeAt: birth.deadline },
    expiresAt: birth.deadline + 1e9,
  });
  await tell(two.ports, anew, named(world, '"not for it"'));
  one.trouble(undefined);
  one.thaw();
  await world.advance(1_000);
  expect((await world.store.read(next))?.mail).toEqual([]);
});
