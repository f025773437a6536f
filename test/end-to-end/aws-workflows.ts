/** Workflows for the functions over stand-ins of AWS. */
import type { Clock } from '../../lib/ports/clock.ts';
import { workflow } from '../../lib/workflow/index.ts';

/** What the steps did, in their order. */
export interface Effects {
  done: string[];
  /** Called when a step of `stalls` begins; it then never ends. */
  stalled?: () => void;
}

export function createWorkflows(clock: Clock, effects: Effects) {
  const did = <T>(what: string, value: T): T => {
    effects.done.push(what);
    return value;
  };
  const takes = (ms: number) => new Promise<void>((resolve) => void clock.schedule(clock.now() + ms, resolve));

  const double = workflow({ name: 'double' }, (ctx, n: number) => ctx.step('double', () => did(`double ${n}`, 2 * n)));
  return {
    double,
    fan: workflow({ name: 'fan' }, async (ctx, count: number) => {
      const items = Array.from({ length: count }, (_, index) => index);
      const squares = await ctx.map('squares', items, (item, own) => own.step('square', () => item * item));
      return squares.reduce((sum, square) => sum + square, 0);
    }),
    approval: workflow({ name: 'approval' }, async (ctx) => {
      await ctx.step('ask', () => did('ask', null));
      const answer = await ctx.signal<{ by: string }>('answer');
      return ctx.step('act', () => did(`act for ${answer.by}`, answer.by));
    }),
    parent: workflow({ name: 'parent' }, async (ctx, n: number) => (await ctx.child(double, n)) + 1),
    nap: workflow({ name: 'nap' }, async (ctx, duration: `${number}${'s' | 'm' | 'h'}`) => {
      await ctx.sleep(duration);
      return ctx.step('rise', () => did('rise', 'awake'));
    }),
    callback: workflow({ name: 'callback' }, async (ctx) => {
      const { token, result } = ctx.callback<string>('paid');
      await ctx.step('hand-out', () => did(token, null));
      return result;
    }),
    stalls: workflow({ name: 'stalls' }, async (ctx) => {
      await ctx.step('first', () => did('first', 1));
      return ctx.step('second', () => {
        effects.done.push('second');
        if (effects.stalled === undefined) return 2;
        effects.stalled();
        return new Promise<number>(() => {});
      });
    }),
    marathon: workflow({ name: 'marathon' }, async (ctx, laps: number) => {
      for (let lap = 1; lap <= laps; lap += 1) {
        await ctx.step(`lap-${lap}`, async () => {
          await takes(4_000);
          return did(`lap ${lap}`, lap);
        });
      }
      return laps;
    }),
    large: workflow({ name: 'large' }, async (ctx, bytes: number) => {
      const text = await ctx.step('write', () => 'x'.repeat(bytes));
      return text.length;
    }),
  };
}
