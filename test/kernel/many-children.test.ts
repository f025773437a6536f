import { describe, expect, test } from 'vitest';
import type { BlobRef } from '../../lib/kernel/events.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, mailMessage, type Process, startIn, type World } from './harness.ts';

const count = 1_200;
const items = Array.from({ length: count }, (_, index) => index);
const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));
const all = { concurrency: count };

async function cancel(world: World, process: Process, run: string): Promise<void> {
  const { nonce } = (await world.head(run)).birth;
  const event = { type: 'run_cancel_requested', id: 'c', at: world.clock.now(), epoch: 0 } as const;
  await world.until(process.drive(mailMessage(run, nonce, event)));
}

/** Children that were told to stop, each once. */
function told(world: World): number {
  const mails = world.messages.flatMap(({ message }) => (message.kind === 'mail' ? [message] : []));
  const stops = mails.filter(({ mail }) => mail.event.type === 'run_cancel_requested');
  return new Set(stops.map(({ run }) => run)).size;
}

/** Of the longest append, in bytes of JSON. */
async function longestAppend(world: World, run: string): Promise<number> {
  const { chunks } = await world.record(run);
  return Math.max(...chunks.map((chunk) => Buffer.byteLength(JSON.stringify(chunk))));
}

async function endOf(world: World, run: string) {
  const { current } = await world.fold(run);
  if (current.phase !== 'settled') throw new Error(`The run is ${current.phase}`);
  return current.end;
}

describe('K22: of thousands of open children', () => {
  test('all are told when their parent is cancelled, and the event that says so names none of them', async () => {
    const world = createWorld();
    const mapping = workflow({ name: 'mapping' }, async (ctx) => {
      await ctx.map('each', items, (_, branch) => branch.child(waiting), all);
    });
    const one = world.process('one', [waiting, mapping]);
    const run = await startIn(one, mapping);
    await world.until(one.drive(world.take('start')));
    await cancel(world, one, run);
    expect(told(world)).toBe(count);
    expect((await endOf(world, run)).openChildren).toBeUndefined();
    expect(await longestAppend(world, run)).toBeLessThan(256 * 1024);
  });

  test('those that a dead driver may have started are told, too: the event refers to their names', async () => {
    const world = createWorld();
    const mapping = workflow({ name: 'mapping' }, async (ctx) => {
      await ctx.map('each', items, (_, branch) => branch.child(waiting), all);
    });
    const [one, two] = [world.process('one', [waiting, mapping]), world.process('two', [waiting, mapping])];
    const run = await startIn(one, mapping);
    one.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.advance(60_000);
    expect((await world.record(run)).chunks).toEqual([]);
    await cancel(world, two, run);
    await world.until(two.drive({ kind: 'wake', run, from: 'sweeper' }));
    expect(told(world)).toBe(count);
    const left = (await endOf(world, run)).openChildren as BlobRef;
    expect(left.bytes).toBeGreaterThan(64 * 1024);
    expect(JSON.parse((await world.blobs.get(left.blob)) ?? '')).toHaveLength(count);
    expect(await longestAppend(world, run)).toBeLessThan(8 * 1024);
  });

  test('none is told that no turn has started', async () => {
    const world = createWorld();
    const hasty = workflow({ name: 'hasty' }, async (ctx) => {
      await ctx.step('first', () => {});
      for (const item of items) void ctx.child(waiting, undefined, { name: `${item}` });
    });
    const one = world.process('one', [waiting, hasty]);
    const run = await startIn(one, hasty);
    await world.until(one.drive(world.take('start')));
    expect((await endOf(world, run)).openChildren).toBeUndefined();
    expect(told(world)).toBe(0);
    expect((await world.store.list({ workflow: 'waiting' }, { limit: 1 })).items).toEqual([]);
  });

  test('each is told when the run ends at last that told some of them and died', async () => {
    const world = createWorld();
    const mapping = workflow({ name: 'mapping' }, async (ctx) => {
      await ctx.map('each', items, (_, branch) => branch.child(waiting), all);
    });
    const [one, two] = [world.process('one', [waiting, mapping]), world.process('two', [waiting, mapping])];
    const run = await startIn(one, mapping);
    await world.until(one.drive(world.take('start')));
    const sent = one.calls.filter(({ method }) => method === 'send').length;
    one.trouble(({ method, nth }) =>
      method === 'send' && nth > sent + 500 ? { do: 'kill', when: 'before' } : undefined,
    );
    const { nonce } = (await world.head(run)).birth;
    const event = { type: 'run_cancel_requested', id: 'c', at: world.clock.now(), epoch: 0 } as const;
    void one.drive(mailMessage(run, nonce, event));
    await world.advance(60_000);
    expect(told(world)).toBe(500);
    await world.until(two.drive({ kind: 'wake', run, from: 'sweeper' }));
    expect(told(world)).toBe(count);
    expect((await world.head(run)).state.status).toBe('cancelled');
  });
});
