import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, mailMessage, signalMail, startIn } from './harness.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('timers', () => {
  const timed = workflow({ name: 'timed' }, async (ctx) => {
    await ctx.step('a', () => 1);
    await ctx.sleep('10m');
    return ctx.now();
  });

  test('K24: a timer has no event of its own; due is the time of the event before the request and the duration', async () => {
    const world = createWorld();
    const one = world.process('one', [timed]);
    const run = await startIn(one, timed);
    await world.until(one.drive(world.take('start')));
    const { chunks } = await world.record(run);
    const done = chunks[0]?.events[0];
    expect(await world.lines(run)).toEqual(['1 task_completed a', '1 run_suspended']);
    expect((await world.fold(run)).current).toMatchObject({ wakeAt: (done?.at ?? 0) + 10 * minute });
  });

  test('K24: a timer fires with the time at which it was due, or later', async () => {
    const world = createWorld();
    const one = world.process('one', [timed]);
    const run = await startIn(one, timed);
    await world.until(one.drive(world.take('start')));
    const due = world.clock.now() + 10 * minute;
    await world.advance(9 * minute);
    const { nonce } = (await world.head(run)).birth;
    expect(await world.until(one.drive({ kind: 'wake', run, nonce }))).toBe('left');
    await world.advance(3 * minute);
    expect(await world.until(one.drive({ kind: 'wake', run, nonce }))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: String(due + 2 * minute) } });
  });

  test('K24: a wake is sent with the delay for what the queue can hold, and the sweeper has the rest', async () => {
    const world = createWorld();
    const long = workflow({ name: 'long' }, async (ctx) => ctx.sleep('2h'));
    const one = world.process('one', [timed, long]);
    await startIn(one, timed);
    await world.until(one.drive(world.take('start')));
    expect(world.messages.map(({ visibleAt }) => visibleAt - world.clock.now())).toEqual([10 * minute]);
    const run = await startIn(one, long);
    await world.until(one.drive(world.take('start')));
    expect(world.messages).toHaveLength(1);
    expect(
      (await world.store.listDue(world.clock.now() + 2 * hour, { limit: 10 })).items.map(({ id }) => id),
    ).toContain(run);
  });

  test('K24: a timer that was due before an outside event was accepted comes first', async () => {
    const world = createWorld();
    const either = workflow(
      { name: 'either' },
      async (ctx) => (await ctx.race('either', { timer: (b) => b.sleep('1m'), signal: (b) => b.signal('go') })).winner,
    );
    const one = world.process('one', [either]);
    const winners: unknown[] = [];
    for (const [wait, late] of [
      [59_000, 10_000],
      [61_000, 10_000],
    ] as const) {
      const run = await startIn(one, either);
      await world.until(one.drive(world.take('start')));
      await world.advance(wait);
      const signal = await signalMail(world, run, 'go');
      await world.advance(late);
      await world.until(one.drive(signal));
      const { current } = await world.fold(run);
      winners.push(current.phase === 'settled' && current.end.type === 'run_completed' ? current.end.output : current);
    }
    expect(winners).toEqual(['"signal"', '"timer"']);
  });

  test('K24: the time of the next attempt stands in the failed one’s event', async () => {
    const world = createWorld();
    const failing = workflow({ name: 'failing' }, async (ctx) =>
      ctx.step(
        'a',
        ({ attempt }) => {
          if (attempt === 1) throw new Error('once');
          return attempt;
        },
        { retry: { initial: '1h', jitter: 0 } },
      ),
    );
    const one = world.process('one', [failing]);
    const two = world.process('two', [failing]);
    const run = await startIn(one, failing);
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    const { chunks } = await world.record(run);
    const retried = chunks[0]?.events[0];
    expect(retried).toMatchObject({ type: 'task_retried', attempt: 1, retryAt: world.clock.now() + hour });
    await world.advance(hour);
    expect(await world.until(two.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'two:a#2']);
  });

  test('a short wait stays in the turn', async () => {
    const world = createWorld();
    const short = workflow({ name: 'short' }, async (ctx) => ctx.sleep(900));
    const one = world.process('one', [short]);
    await startIn(one, short);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
  });
});

describe('the deadline', () => {
  const saga = workflow({ name: 'saga', timeout: '1h' }, async (ctx) => {
    await ctx.step('book', () => 1, { compensate: () => undefined });
    await ctx.signal('never');
  });

  test('K25: at the deadline the program gets a timeout error and undoes what it did', async () => {
    const world = createWorld();
    const one = world.process('one', [saga]);
    const run = await startIn(one, saga);
    await world.until(one.drive(world.take('start')));
    expect((await world.fold(run)).current).toMatchObject({ wakeAt: world.clock.now() + hour });
    await world.advance(hour);
    expect(await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
    expect(world.started()).toEqual(['one:book#1', 'one:compensate:book#1#1']);
    expect((await world.fold(run)).current).toMatchObject({
      end: { type: 'run_failed', error: { name: 'TimeoutError' } },
    });
  });

  test('K25: pause or not', async () => {
    const world = createWorld();
    const one = world.process('one', [saga]);
    const run = await startIn(one, saga);
    await world.until(one.drive(world.take('start')));
    const { nonce } = (await world.head(run)).birth;
    const at = world.clock.now();
    await world.until(one.drive(mailMessage(run, nonce, { type: 'run_paused', id: 'p', at, epoch: 0, issuedAt: at })));
    await world.advance(hour);
    expect(await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
    expect(world.started()).toEqual(['one:book#1', 'one:compensate:book#1#1']);
  });

  test.each(['each', 'relaxed', 'none'] as const)(
    'K25: after the grace the run settles without its program, with durability %s',
    async (durability) => {
      const world = createWorld();
      const slow = workflow({ name: 'slow', timeout: '1h', durability }, async (ctx) => {
        await ctx.step('book', () => 1, { compensate: () => new Promise(() => {}) });
        await ctx.signal('never');
      });
      const one = world.process('one', [slow]);
      const run = await startIn(one, slow);
      await world.until(one.drive(world.take('start')));
      await world.advance(hour);
      const turn = one.drive({ kind: 'wake', run, from: 'sweeper' });
      await world.advance(59_000);
      expect((await world.fold(run)).current.phase).not.toBe('settled');
      await world.advance(2_000);
      expect(await turn).toBe('settled');
      expect((await world.head(run)).state.status).toBe('failed');
    },
  );

  test('K25: a run that cannot go on settles too, once deadline and grace are over', async () => {
    const world = createWorld();
    const changed = workflow({ name: 'saga', timeout: '1h' }, async (ctx) => ctx.step('other', () => 1));
    const one = world.process('one', [saga]);
    for (const other of [world.process('none', []), world.process('changed', [changed])]) {
      const run = await startIn(one, saga);
      await world.until(one.drive(world.take('start')));
      await world.advance(hour);
      expect(await world.until(other.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('blocked');
      await world.advance(2 * minute);
      expect(await world.until(other.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('settled');
      expect((await world.head(run)).state.status).toBe('failed');
    }
  });

  test('K25: an open run never expires before its deadline, grace and retention', async () => {
    const world = createWorld();
    const one = world.process('one', [saga]);
    const run = await startIn(one, saga);
    const { birth, expiresAt } = await world.head(run);
    expect(birth.deadline).toBe(world.clock.now() + hour);
    expect(expiresAt).toBe(birth.deadline + minute + birth.retention + 7 * 24 * hour);
    const plain = workflow({ name: 'plain' }, async () => 1);
    const other = await startIn(world.process('two', [plain]), plain);
    expect((await world.head(other)).birth.deadline).toBe(world.clock.now() + 7 * 24 * hour);
  });

  test('a timer beyond the deadline is refused where it is asked for', async () => {
    const world = createWorld();
    const late = workflow({ name: 'late', timeout: '1h' }, async (ctx) => ctx.sleep('2h'));
    const one = world.process('one', [late]);
    const run = await startIn(one, late);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({
      end: { error: { name: 'WorkflowError', message: expect.stringContaining('longer timeout') } },
    });
  });
});
