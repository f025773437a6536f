/** What the code of users gives back, throws and reports: anything at all. The run ends, and says how. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { getHistory } from '../../lib/service/history.ts';
import { listTasks } from '../../lib/service/list-tasks.ts';
import { getRun } from '../../lib/service/show-run.ts';
import { type Context, workflow } from '../../lib/workflow/index.ts';
import { createWorld, signalMail, startIn } from '../kernel/harness.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { hostileJson, hostileText } from './hostile.ts';

const refuses = () => {
  throw new Error('not to be touched');
};

/** Made anew for each use, since some can be used but once. */
const traps: (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => Number.NEGATIVE_INFINITY,
  () => -0,
  () => 10n,
  () => Symbol('s'),
  () => Symbol.iterator,
  () => refuses,
  () => class {},
  () => new Date(Number.NaN),
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => /x/g,
  () => new Uint8Array(3),
  () => new Proxy({}, { get: refuses, ownKeys: refuses, getPrototypeOf: refuses, has: refuses }),
  () => new Proxy([], { get: refuses }),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  () => Object.create(null) as object,
  () => Object.create(null, { toString: { value: refuses }, self: { get: refuses, enumerable: true } }) as object,
  () => ({ toJSON: refuses }),
  () => ({ toJSON: () => 10n }),
  () => ({ toJSON: () => undefined }),
  () => ({
    get value() {
      return refuses();
    },
  }),
  () => ({ [Symbol.toPrimitive]: refuses }),
  () => {
    const circular: Record<string, unknown> = Object.create(null);
    circular.self = circular;
    return circular;
  },
  () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i += 1) deep = [deep];
    return deep;
  },
  () => Array(5),
  () => [undefined],
  () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
  () => 'x'.repeat(200_000),
  () => '\ud800',
  () => new Error('an error'),
  () => Object.assign(new Error('with more'), { code: 5, details: 10n, cause: 'text' }),
  () => Object.assign(new Error('loop'), { cause: undefined }),
  () => {
    const error = new Error('its own cause');
    error.cause = error;
    return error;
  },
  () => Object.defineProperty(new Error('x'), 'message', { get: refuses }),
  () => Object.defineProperty(new Error('x'), 'stack', { get: refuses }),
  () => Object.defineProperty(new Error('x'), 'name', { value: Symbol('name') }),
  () => Object.setPrototypeOf(new Error('x'), null) as object,
  () => new AggregateError([1, 2], 'several'),
];

const value: fc.Arbitrary<() => unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...traps) },
  { weight: 2, arbitrary: hostileJson.map((json) => () => json) },
  {
    weight: 1,
    arbitrary: fc
      .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true })
      .map((any) => () => any),
  },
);

const actions = fc.constantFrom(
  'return',
  'throw',
  'throw late',
  'report',
  'end',
  'fail',
  'input of a child',
  'name',
) as fc.Arbitrary<Action>;
type Action = 'return' | 'throw' | 'throw late' | 'report' | 'end' | 'fail' | 'input of a child' | 'name';

function act(ctx: Context, action: Action, make: () => unknown): Promise<unknown> | unknown {
  const once = { retry: { attempts: 2, initial: 1, jitter: 0 } };
  switch (action) {
    case 'return':
      return ctx.step('step', () => make(), once);
    case 'throw':
      return ctx.step(
        'step',
        () => {
          throw make();
        },
        once,
      );
    case 'throw late':
      return ctx.step(
        'step',
        async () => {
          await Promise.resolve();
          throw make();
        },
        once,
      );
    case 'report':
      return ctx.report(make());
    case 'input of a child':
      return ctx.child('child', make());
    case 'name':
      return ctx.step(make() as string, () => 1);
    case 'end':
      return make();
    case 'fail':
      throw make();
  }
}

test('whatever users’ code does with values, the run ends, can be shown, and its replay agrees', {
  timeout: fuzzTimeoutMs,
}, async () => {
  const child = workflow({ name: 'child' }, async (_ctx, input: unknown) => input);
  await fuzz(fc.tuple(actions, value, fc.boolean(), hostileText), 400, async ([action, make, isCaught, text]) => {
    const world = createWorld();
    const messy = workflow({ name: 'messy' }, async (ctx) => {
      let seen: unknown;
      try {
        seen = await act(ctx, action, make);
      } catch (error) {
        if (!isCaught) throw error;
        seen = describeCaught(error);
      }
      if (action === 'end') return seen;
      const live = await ctx.step('note', () => JSON.stringify(describeCaught(seen)));
      const told = await ctx.signal('go');
      return [JSON.stringify(describeCaught(seen)) === live ? 'the same' : 'another', told];
    });
    const one = world.process('one', [messy, child]);
    const run = await startIn(one, messy);
    await world.deliverAll(one);
    if ((await world.head(run)).state.status === 'waiting') {
      await world.until(one.drive(await signalMail(world, run, 'go', text)));
    }
    const view = await getRun(one.ports, run);
    expect(['completed', 'failed'], `${action}: ${view.blocked?.message}`).toContain(view.status);
    JSON.stringify([view, await listTasks(one.ports, run), await getHistory(one.ports, run, {})]);
    if (view.status === 'completed' && action !== 'end') expect(view.output).toEqual(['the same', text]);
    expect(world.troubles).toEqual([]);
  });
});

/** As far as every replay has to see the same of it. */
function describeCaught(caught: unknown): unknown {
  if (!(caught instanceof Error)) return typeof caught;
  const { name, message } = caught;
  return { name, message };
}
