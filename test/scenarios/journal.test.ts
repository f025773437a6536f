/** What is written, in which order, and what is made of it when the writing goes wrong. */
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../lib/kernel/faults.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { listTasks } from '../../lib/service/list-tasks.ts';
import { getRun, listRuns } from '../../lib/service/show-run.ts';
import { cancelRun, createIssuer, pauseRun, resumeRun } from '../../lib/service/tell-run.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, type Process, signalMail, startIn, type World } from '../kernel/harness.ts';
import { flawsOf, leaseMs, recover, recoverAll } from './recovery.ts';

const writing = new Set(['create', 'append', 'updateHead', 'putMail', 'send']);

describe('scenario 6: a process dies between the event and what lists show of it', () => {
  const part = workflow({ name: 'part' }, async (ctx) => ctx.step('make', () => 'part'));
  const whole = workflow({ name: 'whole' }, async (ctx) => {
    const made = await ctx.child(part, undefined);
    await ctx.sleep('1h');
    return ctx.step('join', () => `${made} joined`);
  });

  /** Its life up to its end, by one process that dies at its nth write, and then by another. */
  async function live(
    nth: number,
    when: 'before' | 'after',
  ): Promise<{ world: World; died: boolean; shown: string[] }> {
    const world = createWorld();
    const mortal = world.process('mortal', [whole, part]);
    const heir = world.process('heir', [whole, part]);
    let writes = 0;
    mortal.trouble(({ method }) => {
      if (writing.has(method)) writes += 1;
      return writing.has(method) && writes === nth ? { do: 'kill', when } : undefined;
    });
    try {
      await world.until(startIn(mortal, whole));
      await recoverAll(world, mortal);
    } catch (error) {
      if (world.isAlive('mortal')) throw error;
    }
    const died = !world.isAlive('mortal');
    // Whoever looks at one run sees what its journal says, whatever the head still says.
    const shown: string[] = [];
    for (const { birth } of (await world.store.list({}, { limit: 10 })).items) {
      const { status } = await getRun(heir.ports, birth.id);
      const { phase } = (await world.fold(birth.id)).current;
      const fits = {
        fresh: /pending/,
        claimed: /running/,
        suspended: /waiting/,
        blocked: /blocked/,
        settled: /completed/,
      };
      if (!fits[phase].test(status)) shown.push(`${birth.workflow} shows as ${status} and is ${phase}`);
    }
    await recoverAll(world, heir);
    return { world, died, shown };
  }

  // Guards: one append is one fact; a head that lags is repaired or closed by the next wake (invariant 6, K15, K22).
  test('at whichever write it dies, the history stays possible and the head comes to say the same', async () => {
    let deaths = 0;
    for (let nth = 1; ; nth += 1) {
      const lives = [await live(nth, 'before'), await live(nth, 'after')];
      for (const { world, shown } of lives) {
        expect(shown).toEqual([]);
        for (const { birth, state } of (await world.store.list({}, { limit: 10 })).items) {
          expect(await flawsOf(world, birth.id), `dead at write ${nth}, ${birth.workflow}`).toEqual([]);
          expect(state.status).toBe('completed');
        }
        expect(world.starts.map(({ key }) => key).filter((key) => key === 'join').length).toBeLessThanOrEqual(2);
      }
      if (!lives.some(({ died }) => died)) break;
      deaths += lives.filter(({ died }) => died).length;
    }
    expect(deaths).toBeGreaterThan(20);
  });

  test('the repair of a head writes nothing into the journal', async () => {
    const world = createWorld();
    const one = world.process('one', [whole, part]);
    const two = world.process('two', [whole, part]);
    const run = await startIn(one, whole);
    one.trouble(({ method }) => (method === 'updateHead' ? { do: 'kill', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.settle();
    const { items } = await listRuns(two.ports, { workflow: 'whole' });
    expect(items[0]?.status).toBe('pending');
    const lines = await world.lines(run);
    await world.advance(leaseMs);
    await recover(world, two, run);
    expect(await world.lines(run)).toEqual(lines);
    expect((await listRuns(two.ports, { workflow: 'whole' })).items[0]?.status).toBe('waiting');
  });
});

describe('scenario 7: "started" comes after "completed"', () => {
  // Guards: no task goes back in the fold, and no view of it does.
  test('a task that has ended stays ended, in the journal of an open run and in what is shown', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'waiting' }, async (ctx) => {
      const counted = await ctx.step('count', () => 7);
      await ctx.signal('go');
      return counted;
    });
    const one = world.process('one', [waiting]);
    const run = await startIn(one, waiting);
    await world.until(one.drive(world.take('start')));
    const { head, chunks } = await world.record(run);
    const at = world.clock.now();
    await world.store.append(run, {
      format: 1,
      nonce: head.birth.nonce,
      position: chunks.length + 1,
      id: 'late',
      at,
      driver: { id: 'another.late', leaseUntil: at + 1 },
      events: [{ type: 'task_started', at, key: 'count', kind: 'step', attempt: 1 }],
    });
    expect(await listTasks(one.ports, run)).toMatchObject([
      { key: 'count', status: 'completed', result: 7 },
      { key: 'signal:go', status: 'waiting' },
    ]);
    await world.advance(2);
    expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('settled');
    expect(world.started()).toEqual(['one:count#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '7' } });
  });
});

describe('scenario 16: a write was made, and its author is told that it was not', () => {
  const adding = workflow({ name: 'adding' }, async (ctx) => {
    const a = await ctx.step('a', () => 1);
    const go = await ctx.signal<number>('go');
    return a + go + (await ctx.step('b', () => 2));
  });

  // Guards: an append of one's own id counts as written (K5); a head of one's own nonce counts as created.
  test('whatever is repeated is recorded once, and nobody takes himself for another', async () => {
    const world = createWorld();
    const one = world.process('one', [adding]);
    const last = new Map<string, number>();
    // Each write is made, then denied; only its repetition is answered.
    one.trouble(({ method, nth }) => {
      if (!writing.has(method) || method === 'send' || last.get(method) === nth - 1) return undefined;
      last.set(method, nth);
      return { do: 'timeOut' };
    });
    const run = await world.until(startIn(one, adding));
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    expect(await world.until(one.drive(await signalMail(world, run, 'go', 10)))).toBe('settled');
    expect(await world.lines(run)).toEqual([
      '1 task_completed a',
      '1 run_suspended',
      '2 run_signalled go',
      '3 task_completed b',
      '3 run_completed',
    ]);
    expect(world.started()).toEqual(['one:a#1', 'one:b#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '13' } });
    expect(await flawsOf(world, run)).toEqual([]);
  });
});

describe('scenario 18: two people want different things of a run in the same moment', () => {
  const gate = () => hold<string>();

  async function begin(): Promise<{
    world: World;
    one: Process;
    api: Process;
    run: string;
    last: ReturnType<typeof gate>;
  }> {
    const world = createWorld();
    const last = gate();
    const filing = workflow({ name: 'filing' }, async (ctx) => {
      ctx.compensate('unfile', () => 'unfiled');
      return ctx.step('file', () => last.promise);
    });
    const one = world.process('one', [filing]);
    const api = world.process('api', [filing]);
    const run = await startIn(one, filing);
    return { world, one, api, run, last };
  }

  // Guard: what is not in the journal before its last event is absorbed (K21).
  test('the end comes first: the run is completed, the cancel was accepted and changes nothing, the next is refused', async () => {
    const { world, one, api, run, last } = await begin();
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const turn = one.drive(world.take('start'));
    last.release('filed');
    await world.settle();
    expect(await cancelRun(api.ports, run, {})).toMatchObject({ accepted: true });
    const cancel = world.take('mail');
    one.thaw();
    expect(await world.until(turn)).toBe('settled');
    for (const receives of [1, 2]) expect(await world.until(api.drive(cancel, { receives }))).toBe('left');
    expect(await getRun(api.ports, run)).toMatchObject({ status: 'completed', output: 'filed' });
    expect(await world.lines(run)).toEqual(['1 task_completed file', '1 run_completed']);
    await expect(cancelRun(api.ports, run, {})).rejects.toThrow(
      expect.objectContaining<Partial<Fault>>({ code: 'settled' }),
    );
  });

  // Guards: a cancelled run ends as cancelled whatever its program returns; who lost the position records no end (K9).
  test('the cancel comes first: the run is cancelled and stays so, though its last step ends at the same time', async () => {
    const { world, one, api, run, last } = await begin();
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const turn = one.drive(world.take('start'));
    last.release('filed');
    await world.advance(leaseMs + 1);
    await cancelRun(api.ports, run, { reason: 'not wanted' });
    await world.until(api.drive(world.take('mail')));
    await recover(world, api, run);
    one.thaw();
    expect(await world.until(turn)).toBe('lost');
    expect(await getRun(api.ports, run)).toMatchObject({ status: 'cancelled', error: { message: 'not wanted' } });
    expect((await world.lines(run)).filter((line) => /run_(completed|failed|cancelled)/.test(line))).toHaveLength(1);
    expect(world.started().filter((start) => start.includes('unfile'))).toHaveLength(1);
  });

  const commands = ['cancel', 'pause', 'resume'] as const;
  type Command = (typeof commands)[number];

  /** A run that waits, told these things at once, which come in that order, one by one or all together. */
  async function told(given: readonly Command[], order: readonly Command[], together: boolean): Promise<World> {
    const world = createWorld();
    const keeping = workflow({ name: 'keeping' }, async (ctx) => {
      ctx.compensate('release', () => 'released');
      await ctx.signal('never');
    });
    const one = world.process('one', [keeping]);
    const issue = createIssuer(world.clock);
    const run = await startIn(one, keeping);
    await world.until(one.drive(world.take('start')));
    const tell = {
      cancel: () => cancelRun(one.ports, run, {}),
      pause: () => pauseRun(one.ports, run, {}, issue()),
      resume: () => resumeRun(one.ports, run, {}, issue()),
    };
    const messages = new Map<Command, Message>();
    for (const command of given) {
      expect((await tell[command]()).accepted).toBe(true);
      messages.set(command, world.take('mail'));
    }
    const driven = order.map((command) => () => one.drive(messages.get(command) as Message));
    if (together) await world.until(Promise.all(driven.map((drive) => drive())));
    else for (const drive of driven) await world.until(drive());
    await recoverAll(world, one);
    return world;
  }

  // Guards: cancel opens a paused run, and a pause after it is void (K20).
  test.each<[Command[]]>([
    [['cancel', 'pause']],
    [['pause', 'cancel']],
    [['cancel', 'pause', 'resume']],
    [['pause', 'cancel', 'resume']],
    [['pause', 'resume', 'cancel']],
  ])('%s reach the run in any order: it is cancelled, and what it did is undone once', async (given) => {
    for (const order of ordersOf(given)) {
      for (const together of [false, true]) {
        const world = await told(given, order, together);
        const { items } = await world.store.list({}, { limit: 10 });
        expect(
          items.map(({ state }) => state.status),
          order.join(),
        ).toEqual(['cancelled']);
        expect(world.started()).toEqual(['one:compensate:release#1#1']);
        for (const { birth } of items) expect(await flawsOf(world, birth.id)).toEqual([]);
      }
    }
  });

  function ordersOf<T>(all: readonly T[]): T[][] {
    if (all.length < 2) return [[...all]];
    return all.flatMap((first) => ordersOf(all.filter((other) => other !== first)).map((rest) => [first, ...rest]));
  }
});
