import { describe, expect, test } from 'vitest';
import type { Message } from '../../lib/ports/queue.ts';
import { deleteRun } from '../../lib/service/delete-run.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, type Process, signalMail, startIn, type World } from './harness.ts';

type CommandType = 'run_paused' | 'run_resumed' | 'run_cancel_requested';

async function command(world: World, run: string, type: CommandType, epoch = 0): Promise<Message> {
  const { nonce } = (await world.head(run)).birth;
  const at = world.clock.now();
  const id = world.ids.random();
  if (type === 'run_cancel_requested') return mailMessage(run, nonce, { type, id, at, epoch });
  return mailMessage(run, nonce, { type, id, at, epoch, issuedAt: at });
}

async function tell(world: World, process: Process, run: string, type: CommandType): Promise<string> {
  return world.until(process.drive(await command(world, run, type)));
}

describe('a cancel that comes after the end', () => {
  test('K24: changes nothing: a program that a timer had ended before is completed, with nothing to undo', async () => {
    const world = createWorld();
    const undone: string[] = [];
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.step('a', () => 1, { compensate: () => void undone.push('a') });
      await ctx.sleep('1h');
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    await world.advance(3_600_001);
    expect(await tell(world, one, run, 'run_cancel_requested')).toBe('settled');
    expect((await world.head(run)).state.status).toBe('completed');
    expect(undone).toEqual([]);
  });
});

describe('pause', () => {
  const flow = workflow({ name: 'flow' }, async (ctx) => {
    await ctx.signal('go');
    await ctx.step('a', () => 1);
    await ctx.step('b', () => 1);
  });

  test('K20: a pause starts no new effects, and a resume goes on', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    expect(await tell(world, one, run, 'run_paused')).toBe('suspended');
    expect((await world.head(run)).state.status).toBe('paused');
    await world.until(one.drive(await signalMail(world, run, 'go')));
    await world.advance(60_000);
    expect(world.started()).toEqual([]);
    expect((await world.head(run)).state.status).toBe('paused');
    expect(await tell(world, one, run, 'run_resumed')).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'one:b#1']);
  });

  test('K20: running steps finish and are recorded', async () => {
    const world = createWorld();
    const gate = hold();
    const long = workflow({ name: 'long' }, async (ctx) => {
      await ctx.step('a', () => gate.promise);
      await ctx.step('b', () => 1);
    });
    const one = world.process('one', [long]);
    const run = await startIn(one, long);
    const turn = one.drive(world.take('start'));
    await world.advance(2_000);
    await world.store.putMail(run, (await world.head(run)).birth.nonce, await mailOf(world, run, 'run_paused'));
    await world.advance(6_000);
    gate.release();
    expect(await world.until(turn)).toBe('suspended');
    expect(world.started()).toEqual(['one:a#1']);
    expect((await world.lines(run)).slice(-3)).toEqual([
      '2 run_paused',
      expect.stringContaining('task_completed a'),
      expect.stringContaining('run_suspended paused'),
    ]);
  });

  async function mailOf(world: World, run: string, type: CommandType) {
    const message = await command(world, run, type);
    if (message.kind !== 'mail') throw new Error('not a mail');
    return message.mail;
  }

  test('K20: no effect starts between a pause and its append', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(await signalMail(world, run, 'go')));
    await tell(world, one, run, 'run_paused');
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    expect(world.started()).toEqual([]);
  });

  test('K20: timers do not fire while paused; on resume all that are due fire, by due time', async () => {
    const world = createWorld();
    const timers = workflow({ name: 'timers' }, async (ctx) => {
      await Promise.all([ctx.sleep('3m'), ctx.sleep('1m'), ctx.sleep('2m')]);
    });
    const one = world.process('one', [timers]);
    const run = await startIn(one, timers);
    await world.until(one.drive(world.take('start')));
    await world.advance(1_000);
    await tell(world, one, run, 'run_paused');
    await world.advance(300_000);
    const { nonce } = (await world.head(run)).birth;
    await world.until(one.drive({ kind: 'wake', run, nonce, from: 'sweeper' }));
    expect((await world.lines(run)).join()).not.toContain('task_completed');
    expect(await tell(world, one, run, 'run_resumed')).toBe('settled');
    expect(
      (await world.lines(run)).filter((line) => line.includes('task_completed')).map((line) => line.slice(2)),
    ).toEqual(['task_completed sleep:1m', 'task_completed sleep:2m', 'task_completed sleep:3m']);
  });

  test('K20: a timer that falls due after the pause does not fire in the turn that reads it', async () => {
    const world = createWorld();
    const timers = workflow({ name: 'timers' }, async (ctx) => {
      await ctx.sleep('1m');
      await ctx.step('a', () => 1);
    });
    const one = world.process('one', [timers]);
    const run = await startIn(one, timers);
    await world.until(one.drive(world.take('start')));
    await world.advance(30_000);
    const pause = await command(world, run, 'run_paused');
    await world.advance(60_000);
    await world.until(one.drive(pause));
    expect((await world.lines(run)).join()).not.toContain('task_completed');
  });

  test('K20: the latest command by the time it was given holds, in whatever order they come', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    const pause = await command(world, run, 'run_paused');
    await world.advance(10);
    const resume = await command(world, run, 'run_resumed');
    await world.until(one.drive(resume));
    await world.until(one.drive(pause));
    expect((await world.head(run)).state.status).toBe('waiting');
  });

  test('K20: a command of another epoch is absorbed', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    await world.until(one.drive(await command(world, run, 'run_paused', 1)));
    expect((await world.head(run)).state.status).toBe('waiting');
  });
});

describe('cancel', () => {
  test('K20: cancel opens a paused run, and compensation runs', async () => {
    const world = createWorld();
    const saga = workflow({ name: 'saga' }, async (ctx) => {
      await ctx.step('book', () => 1, { compensate: () => undefined });
      await ctx.signal('go');
    });
    const one = world.process('one', [saga]);
    const run = await startIn(one, saga);
    await world.until(one.drive(world.take('start')));
    await tell(world, one, run, 'run_paused');
    expect(await tell(world, one, run, 'run_cancel_requested')).toBe('settled');
    expect(world.started()).toEqual(['one:book#1', 'one:compensate:book#1#1']);
    expect((await world.head(run)).state.status).toBe('cancelled');
  });

  test('a run that somebody cancelled ends as cancelled, whatever it made of it', async () => {
    const world = createWorld();
    const deaf = workflow({ name: 'deaf' }, async (ctx) => ctx.signal('go').catch(() => 'fine'));
    const one = world.process('one', [deaf]);
    const run = await startIn(one, deaf);
    await world.until(one.drive(world.take('start')));
    await tell(world, one, run, 'run_cancel_requested');
    expect((await world.fold(run)).current).toMatchObject({ end: { type: 'run_cancelled' } });
  });

  test('a second cancel does not break off the clean-up', async () => {
    const world = createWorld();
    const tidy = workflow({ name: 'tidy' }, async (ctx) => {
      try {
        await ctx.signal('go');
      } catch {
        await ctx.sleep('1m');
        await ctx.step('clean', () => 1);
      }
    });
    const one = world.process('one', [tidy]);
    const run = await startIn(one, tidy);
    await world.until(one.drive(world.take('start')));
    expect(await tell(world, one, run, 'run_cancel_requested')).toBe('suspended');
    expect(await tell(world, one, run, 'run_cancel_requested')).toBe('suspended');
    await world.deliverAll(one, { maxWaitMs: 120_000 });
    expect(world.started()).toEqual(['one:clean#1']);
  });
});

describe('settled', () => {
  test('K20: a pause that a later resume has overtaken does not pause the run that goes on', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx, round: number) => {
      if (round === 0) {
        await ctx.signal('go');
        ctx.continueAs(1);
      }
      await ctx.signal('never');
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow, 0);
    await world.until(one.drive(world.take('start')));
    const pause = await command(world, run, 'run_paused');
    await world.advance(1_000);
    await tell(world, one, run, 'run_resumed');
    await world.until(one.drive(await signalMail(world, run, 'go')));
    await world.until(one.drive(pause));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { items } = await world.store.list({}, { limit: 10 });
    expect(items.map(({ state }) => state.status).sort()).toEqual(['completed', 'waiting']);
  });

  test('K20: nor does a pause that is said once more, to the run that goes on itself', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx, round: number) => {
      await ctx.signal('go');
      if (round === 0) ctx.continueAs(1);
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow, 0);
    await world.until(one.drive(world.take('start')));
    const issuedAt = world.clock.now();
    await world.advance(1_000);
    await tell(world, one, run, 'run_resumed');
    await world.until(one.drive(await signalMail(world, run, 'go')));
    await world.deliverAll(one, { maxWaitMs: 1_000 });
    const { items } = await world.store.list({ status: 'waiting' }, { limit: 10 });
    const { id: next = '', nonce = '' } = items[0]?.birth ?? {};
    const pause = { type: 'run_paused', id: 'again', at: world.clock.now(), epoch: 0, issuedAt } as const;
    await world.until(one.drive(mailMessage(next, nonce, pause)));
    expect((await world.head(next)).state.status).toBe('waiting');
  });

  test('K21: a settled run absorbs whatever comes', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => ctx.step('a', () => 'out'));
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const start = world.take('start');
    await world.until(one.drive(start));
    const before = await world.record(run);
    for (const type of ['run_paused', 'run_cancel_requested', 'run_resumed'] as const) {
      expect(await tell(world, one, run, type)).toBe('left');
    }
    expect(await world.until(one.drive(await signalMail(world, run, 'late')))).toBe('left');
    expect(await world.until(one.drive(start, { receives: 2 }))).toBe('left');
    expect(await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }))).toBe('left');
    const after = await world.record(run);
    expect(after.head).toEqual(before.head);
    expect(after.chunks).toEqual(before.chunks);
    expect(world.started()).toEqual(['one:a#1']);
  });

  test('K13: a driver that thaws after the run has been deleted runs nothing of it again', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.step('a', () => 1);
      await ctx.step('pay', () => 2, { atMostOnce: true });
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    one.trouble(({ method, nth }) => (method === 'append' && nth === 2 ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(world.take('start'));
    await world.advance(31_000);
    await world.until(two.drive({ kind: 'wake', run, from: 'sweeper' }));
    expect(world.started()).toEqual(['one:a#1', 'two:pay#1']);
    await deleteRun(two.ports, run);
    one.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(world.started()).toEqual(['one:a#1', 'two:pay#1']);
  });

  test('K21: a driver that thaws after the run has settled records nothing and starts nothing', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.step('a', () => 1);
      await ctx.step('b', () => 2);
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(world.take('start'));
    await world.advance(31_000);
    await world.until(two.drive({ kind: 'wake', run, from: 'sweeper' }));
    const settled = await world.lines(run);
    one.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(await world.lines(run)).toEqual(settled);
    expect(world.started()).toEqual(['one:a#1', 'two:a#1', 'two:b#1']);
  });
});
