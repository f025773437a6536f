import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../lib/kernel/events.ts';
import { deletePayloads } from '../../lib/kernel/payload.ts';
import { deleteRun } from '../../lib/service/delete-run.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, signalMail, startIn } from './harness.ts';

const day = 86_400_000;
const flow = workflow({ name: 'flow', retention: '1d' }, async (ctx) => ctx.step('a', () => 'out'));

describe('birth', () => {
  test('K7: the birth part of a head never changes', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow, { x: 1 });
    const { birth } = await world.head(run);
    await world.until(one.drive(world.take('start')));
    expect((await world.head(run)).birth).toEqual(birth);
  });

  test('K7: a run whose id comes back inherits neither events nor mail', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const old = await startIn(one, flow);
    const { birth } = await world.head(old);
    await world.until(one.drive(world.take('start')));
    await deleteRun(one.ports, old);
    expect(await world.store.read(old)).toBeUndefined();
    const head = {
      birth: { ...birth, nonce: 'new' },
      position: 0,
      state: { status: 'pending', wakeAt: 1 },
      expiresAt: 9e15,
    } as const;
    // A mail and an append that were meant for the earlier run come late.
    const event = { type: 'run_signalled', id: 's', at: 1, name: 'go' } as const;
    await world.store.putMail(old, birth.nonce, { id: 's', event });
    await world.store.append(old, { format: 1, nonce: birth.nonce, position: 1, id: 'x', at: 1, events: [event] });
    expect((await world.store.create(head)).created).toBe(true);
    expect(await world.store.read(old)).toEqual({ head, chunks: [], mail: [] });
  });

  test('K7: a run under deletion is absent, and an open one cannot be deleted', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await expect(deleteRun(one.ports, run)).rejects.toMatchObject({ code: 'conflict' });
    await world.until(one.drive(world.take('start')));
    const { birth } = await world.head(run);
    one.trouble(({ method }) => (method === 'deleteRun' ? { do: 'kill', when: 'before' } : undefined));
    void deleteRun(one.ports, run);
    await world.settle();
    expect(await world.store.readHead(run)).toBeUndefined();
    const { nonce } = birth;
    expect(await world.store.purgeExpired(world.clock.now(), 10)).toEqual([{ id: run, nonce }]);
  });

  test('K7: a head past its expiry is absent and may be replaced', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    const { birth, expiresAt } = await world.head(run);
    expect(expiresAt).toBe(world.clock.now() + day);
    await world.advance(day);
    expect(await world.store.readHead(run)).toBeUndefined();
    const again = {
      birth: { ...birth, nonce: 'n2' },
      position: 0,
      state: { status: 'pending', wakeAt: 1 },
      expiresAt: 9e15,
    } as const;
    expect((await world.store.create(again)).created).toBe(true);
  });
});

describe('a newer format', () => {
  test('K26: nothing is appended, no crash is counted, wakeAt moves by a minute, the message is acknowledged', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const { nonce } = (await world.head(run)).birth;
    const driver = { id: 'new.1', leaseUntil: world.clock.now() + 1 };
    const chunk: Chunk = { format: 2, nonce, position: 1, id: 'new.1.1', at: 1, driver, events: [] };
    await world.store.append(run, chunk);
    await world.advance(30_000);
    expect(await sweep(one.ports)).toBe(1);
    expect(await world.until(one.drive(world.take('wake')))).toBe('left');
    const { head, chunks } = await world.record(run);
    expect(chunks).toHaveLength(1);
    expect(head.state).toMatchObject({ wakeAt: world.clock.now() + 60_000 });
  });

  test('K26: mail for a run that such a Pawl has ended comes again, since the run may go on as another', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const { nonce } = (await world.head(run)).birth;
    const driver = { id: 'new.1', leaseUntil: world.clock.now() + 1 };
    const end = { type: 'run_completed', at: 1 } as const;
    await world.store.append(run, { format: 2, nonce, position: 1, id: 'new.1.1', at: 1, driver, events: [end] });
    await world.store.updateHead(run, { position: 1, state: { status: 'completed', closedAt: 1 } }, { nonce });
    await expect(world.until(one.drive(await signalMail(world, run, 'go')))).rejects.toMatchObject({
      code: 'newer_format',
    });
  });
});

describe('limits and damage', () => {
  test('a journal that grows past its limit fails the run and says what to do', async () => {
    const world = createWorld({ limits: { eventsPerRun: 10 } });
    const endless = workflow({ name: 'endless' }, async (ctx) => {
      for (let i = 0; ; i += 1) await ctx.step(`s${i}`, () => i);
    });
    const one = world.process('one', [endless]);
    const run = await startIn(one, endless);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({
      end: { error: { name: 'LimitError', message: expect.stringContaining('continueAs') } },
    });
  });

  test('a large result goes to the blobs and comes back the same in replay', async () => {
    const world = createWorld({ limits: { inlineBytes: 100 } });
    const large = workflow({ name: 'large' }, async (ctx) => {
      const text = await ctx.step('a', () => 'x'.repeat(1_000));
      await ctx.signal('go');
      return text.length;
    });
    const one = world.process('one', [large]);
    const run = await startIn(one, large);
    one.trouble(({ method, nth }) => (method === 'put' && nth === 1 ? { do: 'refuse' } : undefined));
    await world.until(one.drive(world.take('start')));
    const { chunks, head } = await world.record(run);
    expect(chunks[0]?.events[0]).toMatchObject({ result: { bytes: 1_002 } });
    expect(world.started()).toEqual(['one:a#1']);
    const event = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' } as const;
    await world.until(one.drive({ kind: 'mail', run, nonce: head.birth.nonce, mail: { id: 's', event } }));
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '1000' } });
  });

  test('a blob that is missing blocks the run', async () => {
    const world = createWorld({ limits: { inlineBytes: 100 } });
    const large = workflow({ name: 'large' }, async (ctx) => {
      await ctx.step('a', () => 'x'.repeat(1_000));
      await ctx.signal('go');
    });
    const one = world.process('one', [large]);
    const run = await startIn(one, large);
    await world.until(one.drive(world.take('start')));
    const { birth } = await world.head(run);
    await deletePayloads(world, birth);
    const { nonce } = birth;
    const event = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' } as const;
    expect(await world.until(one.drive({ kind: 'mail', run, nonce, mail: { id: 's', event } }))).toBe('blocked');
    expect((await world.fold(run)).current).toMatchObject({ code: 'corrupt' });
  });

  test('a result that JSON cannot hold fails the step at once, with the path', async () => {
    const world = createWorld();
    const odd = workflow({ name: 'odd' }, async (ctx) => ctx.step('a', () => ({ list: [1, Number.NaN] })));
    const one = world.process('one', [odd]);
    const run = await startIn(one, odd);
    await world.until(one.drive(world.take('start')));
    expect(world.started()).toEqual(['one:a#1']);
    expect((await world.fold(run)).current).toMatchObject({
      end: { error: { message: expect.stringContaining('list[1]') } },
    });
  });
});
