import { type Context, workflow } from 'pawl';
import { type LoadOutput, stepsPerRun } from './chain.ts';

const body = async (ctx: Context, number: number): Promise<LoadOutput> => {
  const began: number[] = [];
  for (let i = 0; i < stepsPerRun; i += 1) {
    began.push(await ctx.step(`step-${i}`, () => performance.timeOrigin + performance.now()));
  }
  const hops = began.slice(1).map((at, i) => Math.round((at - (began[i] as number)) * 1_000) / 1_000);
  return { number, hops };
};

/** Steps that do nothing but look at the clock: what is loaded is Pawl. */
export const loadChain = workflow({ name: 'load-chain' }, body);
