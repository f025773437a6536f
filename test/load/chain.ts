/** The workflow as clients know it: they do not load Pawl. */

/** As the bench has it. */
export const stepsPerRun = 10;

export interface LoadOutput {
  number: number;
  /** From the beginning of each step to that of the next, in ms. */
  hops: number[];
}

/** Of a project of its own; the same as in workflows.ts. */
export const loadChainSource = `
import { workflow } from 'pawl';
const stepsPerRun = ${stepsPerRun};
export const loadChain = workflow({ name: 'load-chain' }, async (ctx, number: number) => {
  const began: number[] = [];
  for (let i = 0; i < stepsPerRun; i += 1) {
    began.push(await ctx.step('step-' + i, () => performance.timeOrigin + performance.now()));
  }
  return { number, hops: began.slice(1).map((at, i) => Math.round((at - began[i]!) * 1000) / 1000) };
});
`;
