import { type Callback, type MapResult, type Pawl, type RunHandle, type Stored, type Workflow, workflow } from 'pawl';
import { createTestPawl, type TestRun } from 'pawl/testing';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

/** Checked by the compiler; nothing here needs to run. */

const order = workflow(
  {
    name: 'order',
    input: z.object({ id: z.string(), amount: z.number().default(1), at: z.coerce.date() }),
    output: z.object({ shipped: z.date() }),
  },
  async (_ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<{ id: string; amount: number; at: Date }>();
    return { shipped: new Date(0) };
  },
);

const plain = workflow({ name: 'plain' }, async (_ctx, input: { n: number }) => ({ at: new Date(0), n: input.n }));
const optional = workflow({ name: 'optional' }, async (_ctx, input?: number) => input);
const none = workflow({ name: 'none' }, async () => 7);

describe('a workflow', () => {
  test('takes what its schema takes, and gives what is stored of what it returns', () => {
    expectTypeOf(plain).toEqualTypeOf<Workflow<{ n: number }, { at: string; n: number }>>();
    expectTypeOf<typeof order>().toExtend<
      Workflow<{ id: string; amount?: number | undefined; at: unknown }, { shipped: string }>
    >();
  });

  test('may be without input', () => {
    expectTypeOf(none).toEqualTypeOf<Workflow<unknown, number>>();
  });
});

describe('start', () => {
  test('wants the input of the workflow, and its handle gives its output', () => {
    type Start = Pawl['start'];
    const start = null as unknown as Start;
    expectTypeOf(() => start(plain, { n: 1 })).returns.resolves.toEqualTypeOf<RunHandle<{ at: string; n: number }>>();
    expectTypeOf(() => start('plain', { anything: 1 })).returns.resolves.toEqualTypeOf<RunHandle>();
    // @ts-expect-error The input does not fit.
    expectTypeOf(() => start(plain, { n: 'one' })).toBeFunction();
    // @ts-expect-error There is none.
    expectTypeOf(() => start(plain)).toBeFunction();
    expectTypeOf(() => start(none)).returns.resolves.toEqualTypeOf<RunHandle<number>>();
    expectTypeOf(() => start(optional, undefined, { key: 'k' })).toBeFunction();
    // @ts-expect-error It takes a number, if anything.
    expectTypeOf(() => start(optional, 'one')).toBeFunction();
  });

  test('of the kit is typed alike', async () => {
    const t = await createTestPawl({ workflows: [plain] });
    expectTypeOf(() => t.start(plain, { n: 1 })).returns.resolves.toEqualTypeOf<TestRun<{ at: string; n: number }>>();
    // @ts-expect-error The input does not fit.
    expectTypeOf(() => t.start(plain, { m: 1 })).toBeFunction();
  });
});

describe('in a workflow', () => {
  test('types follow without annotations', () => {
    workflow({ name: 'typed' }, async (ctx) => {
      const step = await ctx.step('a', () => ({ at: new Date(), maybe: undefined as number | undefined }));
      expectTypeOf(step.at).toEqualTypeOf<string>();
      expectTypeOf(step.maybe).toEqualTypeOf<number | undefined>();
      expectTypeOf(await ctx.step('b', async () => [new URL('https://a.b')])).toEqualTypeOf<string[]>();

      await ctx.step('c', () => ({ id: 1, at: new Date() }), {
        compensate: (result) => expectTypeOf(result).toEqualTypeOf<{ id: number; at: string }>(),
      });

      expectTypeOf(await ctx.signal('s')).toEqualTypeOf<unknown>();
      expectTypeOf(await ctx.signal('s', { schema: z.object({ by: z.string() }) })).toEqualTypeOf<{ by: string }>();
      expectTypeOf(ctx.callback('c', { schema: z.number() })).toEqualTypeOf<Callback<number>>();

      expectTypeOf(await ctx.child(plain, { n: 1 })).toEqualTypeOf<{ at: string; n: number }>();
      expectTypeOf(await ctx.child(none)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.child('by name')).toEqualTypeOf<unknown>();
      expectTypeOf(await ctx.startDetached(plain, { n: 1 })).toEqualTypeOf<{ id: string }>();

      const items = [1, 2];
      expectTypeOf(await ctx.map('m', items, async (item) => String(item))).toEqualTypeOf<string[]>();
      expectTypeOf(await ctx.map('m', items, async (item) => item, { tolerate: 1 })).toEqualTypeOf<
        MapResult<number>[]
      >();

      const both = await ctx.all('a', { one: async () => 1, two: async () => 'two' });
      expectTypeOf(both).toEqualTypeOf<{ one: number; two: string }>();

      const first = await ctx.race('r', { one: async () => 1, two: async () => 'two' });
      if (first.winner === 'one') expectTypeOf(first.value).toEqualTypeOf<number>();
      else expectTypeOf(first.value).toEqualTypeOf<string>();
    });
  });

  test('a child wants its input', () => {
    workflow({ name: 'parent' }, async (ctx) => {
      // @ts-expect-error The input does not fit.
      await ctx.child(plain, { n: 'one' });
    });
  });
});

describe('what is stored', () => {
  test('is what JSON leaves of it', () => {
    expectTypeOf<Stored<Date>>().toEqualTypeOf<string>();
    expectTypeOf<Stored<{ a: Date[]; b?: { c: Date | null } }>>().toEqualTypeOf<{
      a: string[];
      b?: { c: string | null };
    }>();
    expectTypeOf<Stored<[Date, number]>>().toEqualTypeOf<[string, number]>();
    expectTypeOf<Stored<unknown>>().toEqualTypeOf<unknown>();
    // biome-ignore lint/suspicious/noExplicitAny: what authors have is sometimes untyped.
    expectTypeOf<Stored<any>>().toBeAny();
    expectTypeOf<Stored<void>>().toEqualTypeOf<void>();
  });
});
