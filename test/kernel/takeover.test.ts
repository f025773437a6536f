import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../lib/kernel/events.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, type Process, signalMail, startIn, type World } from './harness.ts';

const leaseMs = 30_000;

async function sweeperWake(world: World, run: string) {
  const { nonce } = (await world.head(run)).birth;
  return { kind: 'wake', run, nonce, from: 'sweeper' } as const;
}

function isOutcome({ events }: Chunk): boolean {
  return events.some(({ type }) => type === 'task_completed');
}

/** Lets a process drive a message, and kills it when `ms` have passed. */
async function driveAndDie(world: World, process: Process, message: Parameters<Process['drive']>[0], ms: number) {
  void process.drive(message);
  await world.advance(ms);
  process.kill();
}

describe('claims', () => {
  const two = workflow({ name: 'two' }, async (ctx) => {
    await ctx.step('a', () => 1);
    await ctx.signal('go');
    await ctx.step('b', () => 2);
  });

  test('K8: the first turn of a fresh run writes nothing before its first effect', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    await startIn(one, two);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    void one.drive(world.take('start'));
    await world.settle();
    expect(world.started()).toEqual(['one:a#1']);
  });

  test("K8: on a second delivery the turn's first append comes before its first effect", async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    void one.drive(world.take('start'), { receives: 2 });
    await world.settle();
    expect(world.started()).toEqual([]);
    one.thaw();
    await world.advance(1_000);
    expect((await world.lines(run)).slice(0, 2)).toEqual(['1 takeover', '2 task_started a']);
  });

  test('K8: after a suspend the event that woke the run is the claim', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    await world.until(one.drive(world.take('start')));
    await world.until(one.drive(await signalMail(world, run, 'go')));
    const { chunks } = await world.record(run);
    expect(chunks.map(({ driver, takeover }) => [driver?.leaseUntil !== undefined, takeover])).toEqual([
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ]);
    expect(await world.lines(run)).toEqual([
      '1 task_completed a',
      '1 run_suspended',
      '2 run_signalled go',
      '3 task_completed b',
      '3 run_completed',
    ]);
  });

  test('K9: a position lost to another driver ends the turn: its effects are aborted and nothing is carried over', async () => {
    const world = createWorld();
    let aborted: AbortSignal | undefined;
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const side = ctx.step('side', (attempt) => {
        aborted ??= attempt.signal;
        return attempt.signal === aborted ? new Promise(() => {}) : 1;
      });
      await ctx.step('a', () => world.sleep(500));
      await ctx.step('b', () => 1);
      await side;
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    const start = world.take('start');
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(start);
    await world.advance(leaseMs + 1);
    const winner = two.drive(await sweeperWake(world, run));
    await world.advance(100);
    one.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(aborted?.aborted).toBe(true);
    expect(await world.until(winner)).toBe('settled');
    expect(world.started().filter((start) => start.startsWith('one'))).toEqual(['one:side#1', 'one:a#1']);
    expect((await world.lines(run)).filter((line) => line.includes('task_completed a'))).toHaveLength(1);
  });

  test('K10: any other message than the start leaves a fresh run alone, and its event is stored', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const run = await startIn(one, two);
    const { nonce } = (await world.head(run)).birth;
    expect(await world.until(one.drive({ kind: 'wake', run, nonce }))).toBe('left');
    expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('left');
    expect(world.started()).toEqual([]);
    expect((await world.record(run)).mail).toHaveLength(1);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'one:b#1']);
  });

  test('K11: a turn that ends an expired claim says so, also where it only parks the run', async () => {
    const world = createWorld();
    const one = world.process('one', [two]);
    const other = world.process('two', []);
    const run = await startIn(one, two);
    one.trouble(({ method, nth }) => (method === 'append' && nth === 2 ? { do: 'kill', when: 'before' } : undefined));
    void one.drive(await signalMail(world, run, 'go'));
    await world.settle();
    void one.drive(world.take('start'));
    await world.advance(leaseMs + 1);
    expect(await world.lines(run)).toEqual(['1 run_signalled go', '1 task_completed a']);
    expect(await world.until(other.drive(await sweeperWake(world, run)))).toBe('blocked');
    expect((await world.lines(run)).at(-1)).toBe('2 takeover run_blocked not_deployed');
  });

  test('K13: a driver past its own lease end appends before it starts another effect', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) =>
      ctx.step(
        'a',
        ({ attempt }) => {
          if (attempt === 1) throw new Error('once');
          return world.sleep(500);
        },
        { retry: { initial: 800, jitter: 0 } },
      ),
    );
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    const turn = one.drive(world.take('start'));
    await world.advance(100);
    expect(await world.lines(run)).toEqual(['1 task_retried a']);
    one.freeze();
    await world.advance(leaseMs);
    const winner = two.drive(await sweeperWake(world, run));
    await world.advance(100);
    one.thaw();
    expect(await world.until(turn)).toBe('lost');
    expect(await world.until(winner)).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'two:a#2']);
  });
});

describe('suspects', () => {
  test('K12: after a takeover a step is marked before it runs, until the run has made progress', async () => {
    const world = createWorld();
    const steps = workflow({ name: 'steps' }, async (ctx) => {
      await ctx.step('a', () => (world.starts.length === 1 ? world.sleep(3_000) : undefined));
      await ctx.step('b', () => 1);
      await ctx.step('c', () => 1);
    });
    const one = world.process('one', [steps]);
    const two = world.process('two', [steps]);
    const run = await startIn(one, steps);
    await driveAndDie(world, one, world.take('start'), 1_500);
    await world.advance(leaseMs);
    expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('settled');
    expect(await world.lines(run)).toEqual([
      '1 task_started a',
      '2 takeover',
      '3 task_started a alone',
      '4 task_completed a',
      '5 task_completed b',
      '6 task_completed c',
      '6 run_completed',
    ]);
  });

  test('K12: suspects run alone, one after the other, and only then the others', async () => {
    const world = createWorld();
    let crashing = true;
    const running = new Set<string>();
    const besides: string[] = [];
    const wide = workflow({ name: 'wide' }, async (ctx) => {
      const run = async (key: string) =>
        ctx.step(key, async () => {
          if (crashing) await new Promise(() => {});
          besides.push(`${key} beside ${[...running].join()}`);
          running.add(key);
          await world.sleep(50);
          running.delete(key);
        });
      const late = ctx.sleep(40_000).then(() => run('late'));
      await Promise.all([run('a'), run('b'), late]);
    });
    const one = world.process('one', [wide]);
    const two = world.process('two', [wide]);
    const run = await startIn(one, wide);
    await driveAndDie(world, one, world.take('start'), 1_500);
    crashing = false;
    await world.advance(45_000);
    expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('settled');
    expect(besides).toEqual(['a beside ', 'b beside ', 'late beside ']);
    expect((await world.lines(run)).filter((line) => line.endsWith('alone'))).toHaveLength(2);
  });

  test.each(['each', 'relaxed', 'none'] as const)(
    'K12: with %s a suspect that failed while alone is none any more, and is not said to run alone beside others',
    async (durability) => {
      const world = createWorld();
      let crashing = true;
      const retry = { attempts: 3, initial: 0, jitter: 0 };
      const flow = workflow({ name: 'flow', durability }, async (ctx) => {
        const step = async (key: string) => {
          await ctx.step(
            key,
            async ({ attempt }) => {
              if (crashing) await new Promise(() => {});
              await world.sleep(50);
              if (attempt === 1) throw new Error('not yet');
            },
            { retry },
          );
        };
        await Promise.all([step('a'), step('b')]);
      });
      const one = world.process('one', [flow]);
      const two = world.process('two', [flow]);
      const run = await startIn(one, flow);
      await driveAndDie(world, one, world.take('start'), 1_500);
      crashing = false;
      await world.advance(leaseMs);
      expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('settled');
      const { events } = await world.fold(run);
      const alone = events.flatMap((event) =>
        event.type === 'task_started' && event.alone ? [`${event.key}#${event.attempt}`] : [],
      );
      expect(alone).toEqual(['a#1', 'b#1']);
    },
  );

  test.each(['each', 'relaxed', 'none'] as const)(
    'K12: with %s a suspect lets another one in once its outcome is durable, not before',
    async (durability) => {
      const world = createWorld();
      let crashing = true;
      const flow = workflow({ name: 'flow', durability }, async (ctx) => {
        await ctx.step('a', () => (crashing ? new Promise(() => {}) : world.sleep(50)));
      });
      const one = world.process('one', [flow]);
      const two = world.process('two', [flow]);
      const runs = [await startIn(one, flow), await startIn(one, flow)];
      for (let index = 0; index < runs.length; index += 1) void one.drive(world.take('start'));
      await world.advance(1_500);
      one.kill();
      crashing = false;
      await world.advance(leaseMs);
      two.trouble(({ method, args }) =>
        method === 'append' && isOutcome(args[1] as Chunk) ? { do: 'delay', ms: 700 } : undefined,
      );
      await Promise.all(
        runs.map(async (run) => expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('settled')),
      );
      const [first, second] = world.starts.slice(2);
      const record = await world.record(first?.run ?? '');
      expect(first?.run).not.toBe(second?.run);
      // Written 700 ms after it was sent.
      expect(second?.at).toBeGreaterThanOrEqual((record.chunks.find(isOutcome)?.at ?? 0) + 700);
    },
  );

  test('K12: a step that kills its driver each time fails after its count, and says why', async () => {
    const world = createWorld({ limits: { crashes: 3 } });
    const killing = workflow({ name: 'killing' }, async (ctx) => {
      try {
        return await ctx.step('killer', () => new Promise(() => {}));
      } catch (error) {
        return (error as Error).name;
      }
    });
    const first = world.process('p0', [killing]);
    const run = await startIn(first, killing);
    await driveAndDie(world, first, world.take('start'), 1_500);
    let tries = 1;
    for (; tries < 10; tries += 1) {
      await world.advance(leaseMs);
      const process = world.process(`p${tries}`, [killing]);
      void process.drive(await sweeperWake(world, run));
      await world.advance(1_500);
      process.kill();
      if ((await world.fold(run)).current.phase === 'settled') break;
    }
    // Once beside others for all one knows, three times alone, and then no more.
    expect(world.starts).toHaveLength(4);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"CrashedError"' } });
  });

  test('K12: a suspect that runs at most once fails as outcome unknown and does not run again', async () => {
    const world = createWorld();
    const pay = workflow({ name: 'pay' }, async (ctx) => {
      try {
        return await ctx.step('pay', () => new Promise(() => {}), { atMostOnce: true });
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
    const one = world.process('one', [pay]);
    const two = world.process('two', [pay]);
    const run = await startIn(one, pay);
    await driveAndDie(world, one, world.take('start'), 10);
    expect(await world.lines(run)).toEqual(['1 task_started pay']);
    await world.advance(leaseMs);
    expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('settled');
    expect(world.started()).toEqual(['one:pay#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"outcome_unknown"' } });
  });

  test('K12: a run that kills its drivers in replay is blocked after the limit of takeovers', async () => {
    const world = createWorld({ limits: { takeovers: 3 } });
    let drivers = 0;
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.step('a', () => new Promise(() => {}), { atMostOnce: false });
    });
    const first = world.process('p', [flow]);
    const run = await startIn(first, flow);
    await driveAndDie(world, first, world.take('start'), 1_500);
    for (; drivers < 10; drivers += 1) {
      await world.advance(leaseMs);
      const process = world.process(`p${drivers}`, [flow]);
      // Dies right behind its claim.
      process.trouble(({ method }) => (method === 'append' ? { do: 'kill', when: 'after' } : undefined));
      const end = process.drive(await sweeperWake(world, run));
      await world.advance(10);
      if ((await world.fold(run)).current.phase === 'blocked') break;
      void end;
    }
    expect(drivers).toBe(3);
    expect((await world.fold(run)).current).toMatchObject({ phase: 'blocked', code: 'crashing' });
  });

  test('K12: one suspect at a time runs in a process, whatever run it is of', async () => {
    const world = createWorld();
    let crashing = true;
    let running = 0;
    let most = 0;
    const flow = workflow({ name: 'flow' }, async (ctx, _name: string) => {
      await ctx.step('a', async () => {
        if (crashing) await new Promise(() => {});
        running += 1;
        most = Math.max(most, running);
        await world.sleep(100);
        running -= 1;
      });
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const runs = [await startIn(one, flow, 'x'), await startIn(one, flow, 'y')];
    for (const _run of runs) void one.drive(world.take('start'));
    await world.advance(1_500);
    one.kill();
    crashing = false;
    await world.advance(leaseMs);
    const ends = await Promise.all(
      runs.map(async (run) => two.drive(await sweeperWake(world, run))).map((end) => world.until(end)),
    );
    expect(ends).toEqual(['settled', 'settled']);
    expect(most).toBe(1);
  });

  test('K12: a suspect that lost its race does not hold up the others', async () => {
    const world = createWorld();
    let crashing = true;
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      await ctx.race('either', {
        slow: (branch) => branch.step('slow', () => new Promise(() => {})),
        told: (branch) => branch.signal('go'),
      });
      await ctx.step('a', () => (crashing ? new Promise(() => {}) : 1));
      await ctx.step('b', () => 1);
    });
    const one = world.process('one', [flow]);
    const two = world.process('two', [flow]);
    const run = await startIn(one, flow);
    void one.drive(world.take('start'));
    await world.advance(1_500);
    one.kill();
    await world.advance(leaseMs);
    crashing = false;
    const signal = await signalMail(world, run, 'go');
    expect(await world.until(two.drive(signal))).toBe('settled');
    expect((await world.lines(run)).filter((line) => line.includes('task_started'))).toEqual([
      '1 task_started either/slow/slow',
      expect.stringMatching(/task_started a$/),
    ]);
  });
});
