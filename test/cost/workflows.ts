import { createHash } from 'node:crypto';
import * as z from 'zod';
import { orderLine } from '../../lib/cost/reference/order-lines.ts';
import { workflow } from '../../lib/index.ts';

/** A step that the test lets go on. */
export interface Gate {
  begun: number;
  open(): void;
  opened: Promise<void>;
}

export function createGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { begun: 0, open, opened };
}

let gate = createGate();

/** The gate that the next runs of `gated` stand before. */
export function newGate(): Gate {
  gate = createGate();
  return gate;
}

export const tenSteps = workflow({ name: 'ten-steps' }, async (ctx) => {
  for (let number = 1; number <= 10; number += 1) await ctx.step(`step ${number}`, () => ({ number }));
  return { done: true };
});

export const noStep = workflow({ name: 'no-step' }, async () => 'done');

export const failing = workflow({ name: 'failing' }, async () => {
  throw new Error('not today');
});

export const oneStep = workflow({ name: 'one-step', input: z.unknown() }, (ctx) => ctx.step('only', () => 'done'));

export const parallel = workflow({ name: 'parallel' }, async (ctx) => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  return (await ctx.map('each', items, (item, branch) => branch.step('work', () => item))).length;
});

/** Lines of an order, some 300 bytes each as JSON. */
export const lines = workflow({ name: 'lines', input: z.number() }, async (ctx, count) => {
  const found = await ctx.step('find', () => orderLines(count));
  return found.length;
});

export function orderLines(count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => orderLine(index + 1));
}

/** A result of so many characters that look random. */
export const noisy = workflow({ name: 'noisy', input: z.number() }, async (ctx, characters) => {
  const text = await ctx.step('make', () => noise(characters));
  return text.length;
});

function noise(characters: number): string {
  let text = '';
  for (let block = 0; text.length < characters; block += 1) {
    text += createHash('sha512').update(String(block)).digest('base64');
  }
  return text.slice(0, characters);
}

export const retried = workflow({ name: 'retried' }, (ctx) =>
  ctx.step(
    'twice',
    ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet');
      return 'now';
    },
    { retry: { attempts: 2, initial: 10, jitter: 0 } },
  ),
);

export const retriedLater = workflow({ name: 'retried-later' }, (ctx) =>
  ctx.step(
    'twice',
    ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet');
      return 'now';
    },
    { retry: { attempts: 2, initial: '10m', jitter: 0 } },
  ),
);

export const sleeping = workflow({ name: 'sleeping', input: z.string(), timeout: '60d' }, async (ctx, duration) => {
  await ctx.sleep(duration as '1h');
  return 'slept';
});

export const sleepAndStep = workflow({ name: 'sleep-and-step', input: z.string() }, async (ctx, duration) => {
  await ctx.sleep(duration as '1h');
  return ctx.step('work', () => 'done');
});

export const signalled = workflow({ name: 'signalled' }, (ctx) => ctx.signal('go'));

export const twiceSignalled = workflow({ name: 'twice-signalled' }, async (ctx) => [
  await ctx.signal('first'),
  await ctx.signal('second'),
]);

/** Each item in a run of its own. */
export const mapped = workflow({ name: 'mapped', input: z.number() }, async (ctx, count) => {
  const items = Array.from({ length: count }, (_, index) => index);
  return (await ctx.map('each', items, (item, branch) => branch.child(oneStep, item))).length;
});

export const parent = workflow({ name: 'parent' }, (ctx) => ctx.child(noStep));

export const gated = workflow({ name: 'gated' }, (ctx) =>
  ctx.step('wait', async () => {
    gate.begun += 1;
    await gate.opened;
    return 'opened';
  }),
);
