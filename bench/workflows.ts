import { workflow } from 'pawl';

/** Steps that do nothing: what is measured is Pawl. */
export const chain = workflow({ name: 'chain' }, async (ctx, steps: number) => {
  for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => i);
});

/** Tells when each of its steps begins, in ms of the process's clock. */
export function timedChain(began: (at: number) => void) {
  return workflow({ name: 'timed-chain' }, async (ctx, steps: number) => {
    for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => began(performance.now()));
  });
}

export const fanOut = workflow({ name: 'fan-out' }, async (ctx, width: number) => {
  await Promise.all(Array.from({ length: width }, (_, i) => ctx.step(`step-${i}`, () => i)));
});

/** In a run whose process is killed in its middle. */
export const stepsLeft = 6;

/** Five quick steps, one that hangs in a process told to, five more. */
export function interrupted(hangs: boolean) {
  return workflow({ name: 'interrupted' }, async (ctx) => {
    for (let i = 0; i < 5; i += 1) await ctx.step(`before-${i}`, () => i);
    await ctx.step('middle', () => (hangs ? new Promise<void>(() => {}) : undefined));
    for (let i = 0; i < 5; i += 1) await ctx.step(`after-${i}`, () => i);
  });
}
