import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, startIn, type World } from './harness.ts';

/** A run with a journal of more than 32 appends, whose driver has two steps under way, one of which has just ended. */
async function longRun(world: World) {
  const [first, second] = [hold(), hold()];
  const flow = workflow({ name: 'flow' }, async (ctx) => {
    for (let number = 1; number <= 40; number += 1) await ctx.step(`s${number}`, () => number);
    return Promise.all([ctx.step('first', () => first.promise), ctx.step('second', () => second.promise)]);
  });
  const one = world.process('one', [flow]);
  const two = world.process('two', [flow]);
  const run = await startIn(one, flow);
  const end = one.drive(world.take('start'));
  // The heartbeat brings the head up to date.
  await world.advance(16_000);
  first.release();
  await world.advance(100);
  const news = await newsFor(world, run);
  const readsOfTwo = () =>
    two.calls.filter(({ method }) => method.startsWith('read')).map(({ method, args }) => [method, args[1] ?? 0]);
  return { one, two, run, news, end, second, readsOfTwo };
}

async function newsFor(world: World, run: string) {
  const { nonce } = (await world.head(run)).birth;
  const at = world.clock.now();
  return mailMessage(run, nonce, {
    type: 'child_settled',
    id: 'settled:c',
    at,
    key: 'c',
    outcome: { status: 'completed' },
  });
}

describe('news of a child', () => {
  test('K19: under a live claim is left to the driver, and only the end of the journal is read for that', async () => {
    const world = createWorld();
    const { two, run, news, end, second, readsOfTwo } = await longRun(world);
    expect((await world.head(run)).position).toBeGreaterThanOrEqual(40);
    expect(await world.until(two.drive(news))).toBe('left');
    expect(readsOfTwo()).toEqual([['readEnd', 0]]);
    second.release();
    expect(await world.until(end)).toBe('settled');
  });

  test('K11: under a claim that has run out brings a takeover, after the whole run was read', async () => {
    const world = createWorld();
    const { one, two, run, news, readsOfTwo } = await longRun(world);
    one.trouble(() => ({ do: 'kill', when: 'before' }));
    await world.advance(60_000);
    void two.drive(news);
    await world.advance(100);
    expect(readsOfTwo()).toContainEqual(['read', 0]);
    expect(await world.lines(run)).toContain('44 takeover child_settled c');
  });

  test('K19: behind a suspend whose head is not raised yet is not left, though the lease of that append still holds', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      for (let number = 1; number <= 40; number += 1) await ctx.step(`s${number}`, () => number);
      await ctx.sleep('20m');
      for (let number = 41; number <= 43; number += 1) await ctx.step(`s${number}`, () => number);
      return ctx.signal('go');
    });
    const [one, two] = [world.process('one', [flow]), world.process('two', [flow])];
    const run = await startIn(one, flow);
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    const { position } = await world.head(run);
    await world.advance(20 * 60_000);
    one.trouble(({ method, nth }) =>
      method === 'updateHead' && nth > 1 ? { do: 'stall', when: 'before' } : undefined,
    );
    void one.drive({ kind: 'wake', run });
    await world.advance(100);
    expect((await world.lines(run)).at(-1)).toContain('run_suspended');
    expect((await world.head(run)).position).toBe(position);
    void two.drive(await newsFor(world, run));
    await world.advance(100);
    expect((await world.lines(run)).join('\n')).toContain('child_settled c');
  });

  test('of another run under the same id is left without a look at its journal', async () => {
    const world = createWorld();
    const { two, news, readsOfTwo } = await longRun(world);
    expect(await world.until(two.drive({ ...news, nonce: 'of an earlier run' } as typeof news))).toBe('left');
    expect(readsOfTwo()[0]).toEqual(['readEnd', 0]);
  });
});
