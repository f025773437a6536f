import { type Context, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

type Program = (ctx: Context) => Promise<unknown>;

/** A kit with one workflow of this code. */
async function kitOf(program: Program) {
  const t = await createTestPawl({ workflows: [workflow({ name: 'work' }, program)] });
  return { t, start: () => t.start('work') };
}

const once = { retry: { attempts: 1 } };

describe('map', () => {
  test('gives the results in the order of the items, whatever the order of their ends', async () => {
    const { start } = await kitOf((ctx) =>
      ctx.map('lines', [3, 1, 2], async (hours, scope) => {
        await scope.sleep(hours * 3_600_000);
        return `${hours} h`;
      }),
    );
    expect(await (await start()).result()).toEqual(['3 h', '1 h', '2 h']);
  });

  test('gives the item, a scope of its own and the index', async () => {
    const { start } = await kitOf((ctx) =>
      ctx.map('lines', ['a', 'b'], (item, scope, index) => scope.step('work', () => `${item}${index}`)),
    );
    const run = await start();
    expect(await run.result()).toEqual(['a0', 'b1']);
    expect((await run.tasks()).map(({ key }) => key)).toEqual(['lines/0/work', 'lines/1/work']);
  });

  test('holds no more than its concurrency at once', async () => {
    const { t, start } = await kitOf((ctx) =>
      ctx.map(
        'lines',
        Array.from({ length: 10 }, (_, i) => i),
        (_item, scope) => scope.step('work', () => 1),
        {
          concurrency: 3,
        },
      ),
    );
    t.step(
      'work',
      async (_attempt, original) => {
        return original();
      },
      { takes: '1m' },
    );
    const run = await start();
    const samples: number[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      const calls = await run.attempts('work');
      const running = calls.filter(({ outcome }) => outcome === 'running').length;
      samples.push(running);
      await t.advance('1m');
    }
    expect(await run.result()).toHaveLength(10);
    expect(samples).toEqual([3, 3, 3, 1]);
  });

  test('of nothing is nothing', async () => {
    const { start } = await kitOf((ctx) => ctx.map('lines', [], async () => 1));
    expect(await (await start()).result()).toEqual([]);
  });

  test('the first failure closes the rest and is thrown', async () => {
    const { t, start } = await kitOf(async (ctx) => {
      try {
        await ctx.map('lines', [0, 1, 2, 3], (_item, scope) => scope.step('work', () => 1, once), { concurrency: 2 });
      } catch (error) {
        await ctx.sleep('1d');
        return (error as Error).message;
      }
      return 'no error';
    });
    t.step('lines/0/work', () => 1, { takes: '1h' });
    t.failStep('lines/1/work', { error: new Error('broken') });
    const run = await start();

    expect(await run.result()).toBe('broken');
    expect((await run.attempts('work')).map(({ key }) => key)).toEqual(['lines/0/work', 'lines/1/work']);
    expect((await run.tasks()).some(({ key, status }) => key === 'lines/0/work' && status === 'completed')).toBe(false);
  });

  test('tolerates failures as results, up to a number', async () => {
    const { t, start } = await kitOf((ctx) =>
      ctx.map('lines', [0, 1, 2], (_item, scope) => scope.step('work', () => 'fine', once), { tolerate: 1 }),
    );
    t.failStep('lines/1/work', { error: new RangeError('broken') });
    expect(await (await start()).result()).toEqual([
      { status: 'completed', value: 'fine' },
      { status: 'failed', error: { name: 'RangeError', message: 'broken', task: 'lines/1/work' } },
      { status: 'completed', value: 'fine' },
    ]);

    t.failStep('lines/2/work', { error: new RangeError('one too many') });
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { message: 'one too many' } });
  });

  test('tolerates neither a cancel nor the deadline: no further item begins', async () => {
    const many = workflow({ name: 'many', timeout: '1h' }, (ctx) =>
      ctx.map('lines', [0, 1, 2, 3, 4, 5], (_item, scope) => scope.signal('go'), { tolerate: 6, concurrency: 2 }),
    );
    const t = await createTestPawl({ workflows: [many] });
    const cancelled = await t.start(many);
    const late = await t.start(many);
    await t.settle();
    await cancelled.cancel();
    expect((await cancelled.ended()).status).toBe('cancelled');
    expect(await cancelled.tasks()).toHaveLength(2);

    await t.advance('1h');
    expect(await late.get()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
    expect(await late.tasks()).toHaveLength(2);
  });

  test('within map keeps the keys apart', async () => {
    const { start } = await kitOf((ctx) =>
      ctx.map('rows', [1, 2], (row, outer) =>
        outer.map('cells', [10, 20], (cell, inner) => inner.step('multiply', () => row * cell)),
      ),
    );
    expect(await (await start()).result()).toEqual([
      [10, 20],
      [20, 40],
    ]);
  });

  test('of 1,000 items side by side writes in groups', async () => {
    const { start } = await kitOf((ctx) =>
      ctx.map(
        'lines',
        Array.from({ length: 1_000 }, (_, i) => i),
        (item, scope) => scope.step('work', () => item),
        {
          concurrency: 1_000,
        },
      ),
    );
    const run = await start();
    expect(await run.result()).toHaveLength(1_000);
    const positions = new Set((await run.history()).map(({ position }) => position));
    expect(positions.size).toBeLessThan(10);
  });
});

describe('all', () => {
  test('gives the results by name', async () => {
    const { start } = await kitOf((ctx) =>
      ctx.all('both', {
        stock: (scope) => scope.step('count', () => 7),
        price: (scope) => scope.step('ask', () => 'cheap'),
      }),
    );
    expect(await (await start()).result()).toEqual({ stock: 7, price: 'cheap' });
  });

  test('the first failure closes the others, and is thrown', async () => {
    const { t, start } = await kitOf((ctx) =>
      ctx.all('both', {
        slow: (scope) => scope.step('slow', () => 1),
        bad: (scope) => scope.step('bad', () => 1, once),
      }),
    );
    t.hangStep('slow');
    t.failStep('bad', { error: new Error('broken') });
    const run = await start();
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { message: 'broken' } });
  });

  test('a branch that throws at once closes the others before they start', async () => {
    let ran = false;
    const { start } = await kitOf((ctx) =>
      ctx.all('both', {
        first: (scope) =>
          scope.step('first', () => {
            ran = true;
          }),
        second: () => {
          throw new TypeError('at once');
        },
      }),
    );
    expect(await (await start()).ended()).toMatchObject({ error: { name: 'TypeError' } });
    expect(ran).toBe(false);
  });

  test('of no branches is empty', async () => {
    const { start } = await kitOf((ctx) => ctx.all('none', {}));
    expect(await (await start()).result()).toEqual({});
  });
});

describe('race', () => {
  const both: Program = (ctx) =>
    ctx.race('first', {
      answer: (scope) => scope.signal('answer'),
      late: async (scope) => {
        await scope.sleep('1h');
        return 'too late';
      },
    });

  test('gives the winner by name, with its value', async () => {
    const { start } = await kitOf(both);
    expect(await (await start()).result()).toEqual({ winner: 'late', value: 'too late' });

    const run = await start();
    await run.signal('answer', 42, { after: '30m' });
    expect(await run.result()).toEqual({ winner: 'answer', value: 42 });
  });

  test('a failure wins too', async () => {
    const { t, start } = await kitOf((ctx) =>
      ctx.race('first', {
        bad: (scope) => scope.step('bad', () => 1, once),
        late: (scope) => scope.sleep('1h'),
      }),
    );
    t.failStep('bad', { error: new Error('broken') });
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { message: 'broken' } });
  });

  test("the losers' steps are aborted", async () => {
    const aborts: string[] = [];
    const racing = workflow({ name: 'racing' }, async (ctx) => {
      const { winner } = await ctx.race('first', {
        quick: (scope) => scope.step('quick', () => 1),
        slow: (scope) => scope.step('slow', () => 1),
      });
      await ctx.step('after', () => 1);
      return winner;
    });
    const t = await createTestPawl({ workflows: [racing], patienceMs: 1 });
    t.step('quick', () => 1, { takes: '5s' });
    t.step('slow', ({ signal }) => {
      signal.addEventListener('abort', () => aborts.push((signal.reason as Error).message));
      return new Promise(() => {});
    });
    expect(await (await t.start(racing)).result()).toBe('quick');
    expect(aborts).toEqual(['The workflow no longer waits for this step']);
  });

  test("the losers' children are cancelled", async () => {
    const child = workflow({ name: 'child' }, (ctx) => ctx.signal('never'));
    const racing = workflow({ name: 'racing' }, async (ctx) => {
      await ctx.race('first', {
        child: (scope) => scope.child(child),
        timer: (scope) => scope.sleep('1h'),
      });
      await ctx.sleep('1h');
    });
    const t = await createTestPawl({ workflows: [racing, child] });
    const run = await t.start(racing);
    await run.result();
    expect((await t.api.listRuns({ workflow: 'child' })).items).toMatchObject([{ status: 'cancelled' }]);
    expect(await run.tasks()).toContainEqual(
      expect.objectContaining({ key: 'first/child/child:child', status: 'cancelled' }),
    );
  });

  test('has the same winner in every replay', async () => {
    const { t, start } = await kitOf(async (ctx) => {
      const winners: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        const { winner } = await ctx.race(`round ${round}`, {
          a: (scope) => scope.sleep('1h'),
          b: (scope) => scope.sleep('1h'),
          c: (scope) => scope.sleep('59m'),
        });
        winners.push(winner);
        await ctx.sleep('1m');
      }
      return winners;
    });
    const run = await start();
    await t.advance('3h');
    await t.crash();
    expect(await run.result()).toEqual(['c', 'c', 'c', 'c', 'c']);
  });

  test('needs a branch', async () => {
    const { start } = await kitOf((ctx) => ctx.race('none', {}));
    expect(await (await start()).ended()).toMatchObject({ error: { message: 'A race needs at least one branch' } });
  });
});
