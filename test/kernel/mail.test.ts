import { describe, expect, test } from 'vitest';
import type { Store } from '../../lib/ports/store.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, type Rule, signalMail, startIn } from './harness.ts';

const collecting = workflow({ name: 'collecting' }, async (ctx) => {
  const seen: unknown[] = [];
  for (let i = 0; i < 5; i += 1) seen.push(await ctx.signal('item'));
  return seen;
});

describe('mail', () => {
  test('K19: a signal that arrives first is taken by the later wait, in the order of acceptance', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const run = await startIn(one, collecting);
    for (let i = 0; i < 5; i += 1) {
      const mail = await signalMail(world, run, 'item', i);
      await world.advance(10);
      await world.until(one.drive(mail));
    }
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '[0,1,2,3,4]' } });
  });

  test('K19: an event that is delivered twice counts once', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    const mail = await signalMail(world, run, 'item', 1);
    await world.until(one.drive(mail));
    await world.until(one.drive(mail, { receives: 2 }));
    expect((await world.lines(run)).filter((line) => line.includes('run_signalled'))).toHaveLength(1);
  });

  test('K19: all unread mail goes into one claim', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    const { nonce } = (await world.head(run)).birth;
    for (let i = 0; i < 4; i += 1) {
      const event = {
        type: 'run_signalled',
        id: `s${i}`,
        at: world.clock.now(),
        name: 'item',
        payload: `${i}`,
      } as const;
      await world.store.putMail(run, nonce, { id: event.id, event });
    }
    await world.until(one.drive(await signalMail(world, run, 'item', 4)));
    const { chunks } = await world.record(run);
    expect(chunks.map(({ events }) => events.length)).toEqual([1, 6]);
  });

  test('K19: mail under a live claim is left to its driver, which reads it at its next watch', async () => {
    const world = createWorld();
    const gate = hold();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await Promise.all([ctx.step('long', () => gate.promise), ctx.signal('go').then(() => ctx.step('told', () => 1))]);
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    const turn = one.drive(world.take('start'));
    await world.advance(2_000);
    expect(await world.until(two.drive(await signalMail(world, run, 'go')))).toBe('left');
    await world.advance(4_000);
    expect(world.started()).toEqual(['one:long#1', 'one:told#1']);
    gate.release();
    expect(await world.until(turn)).toBe('settled');
  });

  test('K14: a cancel is noticed in a long step, within a watch', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) =>
      ctx.step('long', (attempt) => new Promise((_, reject) => attempt.signal.addEventListener('abort', reject))),
    );
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    const turn = one.drive(world.take('start'));
    await world.advance(2_000);
    const { nonce } = (await world.head(run)).birth;
    const at = world.clock.now();
    await world.until(two.drive(mailMessage(run, nonce, { type: 'run_cancel_requested', id: 'c', at, epoch: 0 })));
    await world.advance(5_100);
    expect(await turn).toBe('settled');
    expect((await world.head(run)).state.status).toBe('cancelled');
  });

  test('K19: a driver reads the mail between its suspend append and the head update', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const two = world.process('two', [collecting]);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    world.messages.length = 0;
    const stallAtAppend: Rule = ({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined);
    one.trouble(stallAtAppend);
    const turn = one.drive(await signalMail(world, run, 'item', 1));
    await world.settle();
    two.trouble(stallAtAppend);
    const bringing = two.drive(await signalMail(world, run, 'item', 2));
    await world.settle();
    one.thaw();
    expect(await world.until(turn)).toBe('suspended');
    two.thaw();
    expect(await world.until(bringing)).toBe('lost');
    expect(await world.lines(run)).toEqual([
      '1 run_suspended',
      '2 run_signalled item',
      '2 run_suspended',
      '3 run_signalled item',
      '3 run_suspended',
    ]);
    expect((await world.record(run)).mail).toHaveLength(0);
  });

  test('K19: mail whose bringer lost its place to a parking append is woken for', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const two = world.process('two', [collecting]);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    world.messages.length = 0;
    const { birth, position } = await world.head(run);
    const lowered = { status: 'running', wakeAt: world.clock.now() } as const;
    await world.store.updateHead(run, { state: lowered, position }, { nonce: birth.nonce, positionAtMost: position });
    // One has read that there is no mail and is about to suspend again; two has read that the run is suspended.
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const parking = one.drive({ kind: 'wake', run, nonce: birth.nonce });
    await world.settle();
    two.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const bringing = two.drive(await signalMail(world, run, 'item', 1));
    await world.settle();
    one.thaw();
    await world.until(parking);
    two.thaw();
    expect(await world.until(bringing)).toBe('lost');
    await world.deliverAll(two, { maxWaitMs: 1_000 });
    expect((await world.lines(run)).filter((line) => line.includes('run_signalled'))).toHaveLength(1);
  });

  test('K19: an event is stored before user code is loaded', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const broken = world.process('broken', []);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    expect(await world.until(broken.drive(await signalMail(world, run, 'item', 1)))).toBe('blocked');
    expect((await world.record(run)).mail).toHaveLength(1);
    const { nonce } = (await world.head(run)).birth;
    await world.until(one.drive({ kind: 'wake', run, nonce, from: 'deployment' }));
    expect(await world.lines(run)).toEqual([
      '1 run_suspended',
      '2 run_blocked not_deployed',
      '3 run_signalled item',
      '3 run_suspended',
    ]);
  });

  test('mail for a run that came before under this id is not for this one', async () => {
    const world = createWorld();
    const one = world.process('one', [collecting]);
    const run = await startIn(one, collecting);
    await world.until(one.drive(world.take('start')));
    const event = { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'item' } as const;
    expect(await world.until(one.drive(mailMessage(run, 'another nonce', event)))).toBe('left');
    expect(await world.lines(run)).toEqual(['1 run_suspended']);
  });

  test('K19: two hundred signals at once cost appends in proportion, not squared', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      for (let i = 0; i < 200; i += 1) await ctx.signal('item');
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    const mails = [];
    for (let i = 0; i < 200; i += 1) mails.push(await signalMail(world, run, 'item'));
    await world.until(Promise.all(mails.map((mail, index) => (index % 2 ? one : two).drive(mail))));
    const appends = [...one.calls, ...two.calls].filter(({ method }) => method === 'append').length;
    expect((await world.fold(run)).current.phase).toBe('settled');
    expect(appends).toBeLessThan(400);
  });
});

test('mail that the journal holds and the store still does is named again by the next append', async () => {
  const world = createWorld();
  const flow = workflow({ name: 'flow' }, async (ctx) => [
    await ctx.signal('a'),
    await ctx.signal('b'),
    await ctx.signal('c'),
  ]);
  const absorbed: string[][] = [];
  /** Lets go of mail only when it is named a second time. */
  const hesitant = (store: Store): Store => ({
    ...store,
    append(id, chunk, options) {
      const named = options?.absorbed ?? [];
      const before = new Set(absorbed.flat());
      absorbed.push(named);
      return store.append(id, chunk, { ...options, absorbed: named.filter((mail) => before.has(mail)) });
    },
  });
  const one = world.process('one', [flow], { store: hesitant });
  const run = await startIn(one, flow);
  await world.until(one.drive(world.take('start')));
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const message = await signalMail(world, run, name);
    if (message.kind === 'mail') ids.push(message.mail.id);
    await world.until(one.drive(message));
  }
  const [a, b, c] = ids;
  expect(absorbed.filter((named) => named.length > 0)).toEqual([[a], [a, b], [b, c]]);
});
