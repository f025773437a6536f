/** Whoever looks for runs that stand still works with old news, and may fail itself. */
import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, signalMail, startIn } from '../kernel/harness.ts';
import { flawsOf, leaseMs, recover, recoverAll, sweeperWake } from './recovery.ts';

const graceMs = 30_000;

describe('scenario 1: a sweeper acts on what was so when it looked', () => {
  const paying = workflow({ name: 'paying' }, async (ctx) => ctx.step('pay', () => 'paid'));

  // Guard: the sweep moves `wakeAt` only if it is still what was read (K18).
  test('a run that ended in between is neither woken nor opened again', async () => {
    const world = createWorld();
    const one = world.process('one', [paying]);
    const sweeper = world.process('sweeper', []);
    const run = await startIn(one, paying);
    await world.advance(graceMs);
    sweeper.trouble(({ method }) => (method === 'updateHead' ? { do: 'stall', when: 'before' } : undefined));
    const late = sweep(sweeper.ports);
    await world.settle();
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    sweeper.thaw();
    expect(await world.until(late)).toBe(0);
    expect(world.messages).toEqual([]);
    expect((await world.head(run)).state.status).toBe('completed');
  });

  // Guard: what a message leads to is decided on the journal as read after the message came.
  test('a wake that comes after the end runs nothing and writes nothing', async () => {
    const world = createWorld();
    const one = world.process('one', [paying]);
    const two = world.process('two', [paying]);
    const run = await startIn(one, paying);
    await world.advance(graceMs);
    expect(await sweep(two.ports)).toBe(1);
    await world.until(one.drive(world.take('start')));
    const before = await world.record(run);
    const wake = world.take('wake');
    for (const receives of [1, 2, 5]) expect(await world.until(two.drive(wake, { receives }))).toBe('left');
    expect(await world.record(run)).toEqual(before);
    expect(world.started()).toEqual(['one:pay#1']);
  });
});

describe('scenario 2: a run is swept whose driver has its message and has written nothing yet', () => {
  const packing = workflow({ name: 'packing' }, async (ctx) => ctx.step('pack', () => 'packed'));
  const shipping = workflow({ name: 'shipping' }, async (ctx) => {
    const [label, parcel] = await Promise.all([ctx.step('label', () => 'label'), ctx.child(packing, undefined)]);
    return [label, parcel];
  });

  // Guards: a child's id follows from its parent and key (K23); a lost position ends the turn (K9).
  test('both start the same one child, and one outcome of each task is recorded', async () => {
    const world = createWorld();
    const slow = world.process('slow', [shipping, packing]);
    const other = world.process('other', [shipping, packing]);
    const run = await startIn(slow, shipping);
    slow.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const late = slow.drive(world.take('start'));
    await world.advance(graceMs);
    expect(world.started()).toEqual(['slow:label#1']);
    expect(await world.lines(run)).toEqual([]);
    await world.until(sweep(other.ports));
    await world.deliverAll(other);
    slow.thaw();
    expect(await world.until(late)).toBe('lost');

    const { items } = await world.store.list({}, { limit: 10 });
    expect(items.map(({ birth }) => birth.workflow).sort()).toEqual(['packing', 'shipping']);
    for (const { birth } of items) expect(await flawsOf(world, birth.id)).toEqual([]);
    expect(world.started().filter((start) => start.includes(':pack#'))).toHaveLength(1);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '["label","packed"]' } });
  });

  // Guard: effects begin before anything is written only while no sweeper can have the run (K8).
  test.each([
    ['late', 'other'],
    ['other', 'late'],
  ])(
    'a start message that comes as late as the sweeper is no reason to run a step twice (%s first)',
    async (...order) => {
      const world = createWorld();
      const processes = { late: world.process('late', [packing]), other: world.process('other', [packing]) };
      const { late, other } = processes;
      const run = await startIn(late, packing);
      const start = world.take('start');
      await world.advance(graceMs);
      expect(await sweep(other.ports)).toBe(1);
      for (const process of [late, other]) {
        process.trouble(({ method, nth }) =>
          method === 'append' && nth === 1 ? { do: 'stall', when: 'before' } : undefined,
        );
      }
      const turns = [late.drive(start), other.drive(world.take('wake'))];
      await world.settle();
      for (const name of order) {
        processes[name as 'late' | 'other'].thaw();
        await world.settle();
      }
      expect((await world.until(Promise.all(turns))).sort()).toEqual(['lost', 'settled']);
      expect(world.starts).toHaveLength(1);
      expect(await flawsOf(world, run)).toEqual([]);
    },
  );
});

describe('scenario 3: a wake finds somebody at the run, and is gone', () => {
  const part = workflow({ name: 'part' }, async (ctx, name: string) => ctx.step('make', () => name));
  const gate = hold<string>();
  const joining = workflow({ name: 'joining' }, async (ctx) =>
    Promise.all([
      ctx.child(part, 'a', { name: 'a' }).then((made) => ctx.step('check', () => gate.promise).then(() => made)),
      ctx.child(part, 'b', { name: 'b' }),
    ]),
  );

  // Guards: a driver reads the mail after its suspend (K19); a claim of a far-waiting run lowers `wakeAt` first (K15).
  test('the second child of a join ends under the lease for the first: the join goes on at once', async () => {
    const world = createWorld();
    const one = world.process('one', [joining, part]);
    const two = world.process('two', [joining, part]);
    const run = await startIn(one, joining);
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    const parts = [world.take('start'), world.take('start')];
    for (const start of parts) await world.until(two.drive(start));
    const [first, second] = [world.take('mail'), world.take('mail')];

    const turn = one.drive(first);
    await world.advance(100);
    expect(world.started()).toContain('one:check#1');
    expect(await world.until(two.drive(second))).toBe('left');
    expect(world.messages).toEqual([]);
    expect(await world.head(run)).toMatchObject({ state: { wakeAt: expect.any(Number) } });
    const { state } = await world.head(run);
    expect('wakeAt' in state && state.wakeAt - world.clock.now()).toBeLessThanOrEqual(leaseMs);

    const at = world.clock.now();
    gate.release('checked');
    expect(await world.until(turn)).toBe('settled');
    expect(world.clock.now() - at).toBeLessThan(1_000);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '["a","b"]' } });
  });

  // Guard: the suspend and the look at the mail are in this order, so that one of the two sees the other (K19).
  test('a signal between the last look and the suspend is taken by the same turn', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'waiting' }, async (ctx) => ctx.signal('go'));
    const one = world.process('one', [waiting]);
    const two = world.process('two', [waiting]);
    const run = await startIn(one, waiting);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'after' } : undefined));
    const turn = one.drive(world.take('start'));
    await world.settle();
    two.trouble(({ method }) =>
      method === 'append' || method === 'updateHead' ? { do: 'kill', when: 'before' } : undefined,
    );
    void two.drive(await signalMail(world, run, 'go', 'now'));
    await world.settle();
    expect(world.isAlive('two')).toBe(false);
    one.thaw();
    expect(await world.until(turn)).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"now"' } });
  });
});

describe('scenario 4: the store fails while runs are being recovered', () => {
  const counting = workflow({ name: 'counting' }, async (ctx, n: number) => ctx.step('count', () => n));

  // Guards: each run of a sweep is woken for itself; a wake that failed is due again (K18).
  test.each([
    ['the look at its head', 'readHead'],
    ['the move of its wakeAt', 'updateHead'],
    ['the sending of its wake', 'send'],
  ])(
    '%s fails for one run: the others are woken in the same sweep, and it is in one of the next',
    async (_what, method) => {
      const world = createWorld();
      const api = world.process('api', [counting]);
      const driver = world.process('driver', [counting]);
      const runs: string[] = [];
      for (let n = 0; n < 5; n += 1) runs.push(await startIn(api, counting, n));
      world.messages.length = 0;
      await world.advance(graceMs);
      const concerns = (value: unknown): boolean =>
        value === runs[0] || (typeof value === 'object' && (value as { run?: string }).run === runs[0]);
      driver.trouble((call) => (call.method === method && concerns(call.args[0]) ? { do: 'refuse' } : undefined));
      expect(await world.until(sweep(driver.ports))).toBe(4);
      expect(world.troubles).toHaveLength(1);
      await world.deliverAll(driver);
      expect((await world.head(runs[0] as string)).state.status).toBe('pending');
      driver.trouble(undefined);
      await world.advance(30_000);
      expect(await recover(world, driver, runs[0] as string)).toBe('settled');
      for (const run of runs) expect((await world.head(run)).state.status).toBe('completed');
    },
  );

  // Guard: a turn whose store stays away rejects, so that its message comes again, and the run stays due (K15).
  test('a driver that cannot read what it was woken for gives the message back, and the run is not forgotten', async () => {
    const world = createWorld({ limits: { storeRetries: 2 } });
    const one = world.process('one', [counting]);
    const run = await startIn(one, counting, 1);
    await world.advance(graceMs);
    one.trouble(({ method }) => (method === 'read' ? { do: 'refuse' } : undefined));
    await expect(world.until(one.drive(await sweeperWake(world, run)))).rejects.toMatchObject({ code: 'unavailable' });
    one.trouble(undefined);
    world.messages.length = 0;
    await recoverAll(world, one);
    expect((await world.head(run)).state.status).toBe('completed');
  });
});
