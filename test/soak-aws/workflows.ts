/** What runs in the soak. Each step writes down that it begins, and on which outcomes it builds. */
import type { Clock } from '../../lib/ports/clock.ts';
import { type Context, type StepOptions, workflow } from '../../lib/workflow/index.ts';
import type { Effect } from './protocol.ts';

/** What a step returns. No two executions have the same token. */
interface Done {
  token: string;
  value: number;
}

interface Work {
  after?: Done[];
  value?: number;
  /** How long it takes, in ms. */
  ms?: number;
  /** So many attempts fail. */
  fails?: number;
  options?: StepOptions<Done>;
  once?: true;
}

export function createSoakWorkflows(clock: Clock, sandbox: string, begin: (effect: Effect) => void) {
  const takes = (ms: number) => new Promise<void>((resolve) => void clock.schedule(clock.now() + ms, resolve));

  function step(ctx: Context, key: string, work: Work = {}): Promise<Done> {
    const { after = [], value = 0, ms = 0, fails = 0, options, once } = work;
    return ctx.step(
      key.split('/').at(-1) as string,
      async ({ attempt }) => {
        const token = `${sandbox}.${Math.random().toString(36).slice(2)}`;
        begin({ run: ctx.run.id, key, token, after: after.map((done) => done.token), sandbox, ...(once && { once }) });
        if (ms > 0) await takes(ms);
        if (attempt <= fails) throw new Error(`attempt ${attempt} of ${key} fails`);
        return { token, value };
      },
      options,
    );
  }

  const ledger = workflow({ name: 'ledger' }, async (ctx, { values, ms }: { values: number[]; ms: number }) => {
    let sum = 0;
    const done: Done[] = [];
    for (const [index, value] of values.entries()) {
      const last = await step(ctx, `entry-${index}`, { after: done.slice(-3), value, ms });
      done.push(last);
      sum += last.value;
    }
    return sum;
  });

  return {
    ledger,

    spread: workflow({ name: 'spread' }, async (ctx, { values, ms }: { values: number[]; ms: number }) => {
      const parts = await ctx.map(
        'parts',
        values,
        async (value, own, index) => {
          const first = await step(own, `parts/${index}/first`, { value, ms });
          return step(own, `parts/${index}/second`, { after: [first], value: first.value });
        },
        { concurrency: 4 },
      );
      const value = parts.reduce((sum, part) => sum + part.value, 0);
      return (await step(ctx, 'sum', { after: parts, value })).value;
    }),

    collector: workflow({ name: 'collector' }, async (ctx, count: number) => {
      const taken: number[] = [];
      let last = await step(ctx, 'open');
      for (let index = 0; index < count; index += 1) {
        const value = await ctx.signal<number>('item', { name: `item-${index}` });
        last = await step(ctx, `keep-${index}`, { after: [last], value });
        taken.push(last.value);
      }
      return taken;
    }),

    nap: workflow({ name: 'nap' }, async (ctx, { naps }: { naps: number[] }) => {
      let last = await step(ctx, 'lie-down');
      for (const [index, ms] of naps.entries()) {
        await ctx.sleep(ms, { name: `nap-${index}` });
        last = await step(ctx, `rise-${index}`, { after: [last] });
      }
      return naps.length;
    }),

    family: workflow({ name: 'family' }, async (ctx, { families, ms }: { families: number[][]; ms: number }) => {
      const first = await step(ctx, 'marry', { value: families.length });
      const sums = await ctx.map('children', families, (values, own) => own.child(ledger, { values, ms }));
      const value = sums.reduce((sum, each) => sum + each, 0);
      return (await step(ctx, 'reunion', { after: [first], value })).value;
    }),

    flaky: workflow({ name: 'flaky' }, async (ctx, { fails }: { fails: number }) => {
      const retry = { attempts: fails + 1, initial: '1s', max: '40s' } as const;
      const done = await step(ctx, 'try', { fails, value: fails, options: { retry } });
      return (await step(ctx, 'rest', { after: [done], value: done.value })).value;
    }),

    payment: workflow({ name: 'payment' }, async (ctx, { ms }: { ms: number }) => {
      const order = await step(ctx, 'order');
      const options = { atMostOnce: true, retry: { attempts: 1 } };
      const paid = await step(ctx, 'pay', { after: [order], ms, once: true, options }).catch(({ name }: Error) => name);
      if (typeof paid === 'string') return paid;
      await step(ctx, 'ship', { after: [order, paid] });
      return 'shipped';
    }),

    booking: workflow({ name: 'booking' }, async (ctx) => {
      const options: StepOptions<Done> = {
        compensate: ({ token }) =>
          begin({ run: ctx.run.id, key: 'undo', token: `undo ${token}`, after: [token], sandbox }),
      };
      await step(ctx, 'book', { options });
      await ctx.signal('never');
    }),

    archive: workflow({ name: 'archive' }, async (ctx, { text }: { text: string }) => {
      const copy = await ctx.step('copy', () => text + text);
      const done = await step(ctx, 'count', { value: copy.length });
      return done.value;
    }),
  };
}

export type SoakWorkflow = keyof ReturnType<typeof createSoakWorkflows>;
