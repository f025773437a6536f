import { expect, test } from 'vitest';
import { leaveMail } from '../../lib/kernel/deliver.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, signalMail, startIn } from './harness.ts';

test('who tells a run something again and again reads its journal once, and after that its end alone', async () => {
  const world = createWorld({ durableQueue: false });
  const held = hold();
  const busy = workflow({ name: 'busy' }, async (ctx) => {
    for (let i = 0; i < 20; i += 1) await ctx.step(`step-${i}`, () => i);
    await ctx.step('held', () => held.promise);
  });
  const one = world.process('one', [busy]);
  const run = await startIn(one, busy);
  const turn = one.drive(world.take('start'));
  await world.settle();

  const two = world.process('two', []);
  for (const name of ['first', 'second', 'third']) {
    const mail = await signalMail(world, run, name);
    if (mail.kind === 'mail') await leaveMail(two.ports, mail);
  }
  const reads = two.calls.filter(({ method }) => method === 'read').map(({ args: [, after] }) => after);
  expect(reads).toEqual([0, 19, 19]);

  held.release();
  expect(await world.until(turn)).toBe('settled');
});
