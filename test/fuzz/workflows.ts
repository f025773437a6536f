/** What there is to be asked for while inputs are made up. */
import * as z from 'zod';
import type { Pawl } from '../../lib/wiring/open-pawl.ts';
import { type Context, workflow } from '../../lib/workflow/index.ts';

const echo = workflow({ name: 'echo' }, async (ctx: Context, input: unknown) => ctx.step('echo', () => input ?? null));
const strict = workflow(
  { name: 'strict', input: z.object({ id: z.string(), lines: z.array(z.number()).optional() }) },
  async (ctx, { id, lines = [] }) =>
    ctx.map('lines', lines, (line, own) => own.step(id.slice(0, 9) || 'x', () => line)),
);
const asking = workflow({ name: 'asking' }, async (ctx) => {
  const { token, result } = ctx.callback<string>('answer', { timeout: '1d' });
  ctx.report({ token });
  return [await ctx.signal('go'), await result];
});

export const fuzzWorkflows = [echo, strict, asking];

/** A workflow that is data. */
export const graphText = `name: data
description: Adds up, waits a little, and asks.
inputSchema:
  type: object
  properties:
    lines: { type: array, items: { type: number }, maxItems: 5 }
tasks:
  - id: sum
    type: transform
    output: "{% $sum($input.lines) %}"
  - { id: rest, type: wait, dependsOn: [sum], duration: 1s }
  - id: each
    type: map
    dependsOn: [sum]
    items: "{% [1..3] %}"
    concurrency: 2
    tasks:
      - { id: double, type: transform, output: "{% $item * 2 %}" }
`;

/** What one has to know to reach something, by the name of the field where it stands. */
export type Reachable = Record<'id' | 'workflow' | 'name' | 'token' | 'version', string[]>;

/** Some runs in several states, and a workflow that is data. */
export async function startSome(pawl: Pawl): Promise<Reachable> {
  const reachable: Reachable = {
    id: [],
    workflow: ['echo', 'strict', 'asking', 'data'],
    name: ['go', 'answer', 'callback:answer', 'echo', 'data', 'data', 'data'],
    token: [],
    version: ['1', '2', '3'],
  };
  await pawl.registerWorkflow({ source: graphText, activate: true });
  await pawl.registerWorkflow({ source: graphText.replace('Adds up', 'Sums up'), activate: true });
  for (let n = 0; n < 5; n += 1) {
    const done = await pawl.start('echo', n);
    await done.result();
    const waits = await pawl.start('asking');
    for await (const { type } of pawl.watchRun(waits.id)) if (type === 'run_suspended') break;
    const { report } = await pawl.getRun(waits.id);
    reachable.id.push(done.id, waits.id);
    const { token } = report as { token: string };
    reachable.token.push(token, `${waits.id}.proof.~zz`);
  }
  return reachable;
}
