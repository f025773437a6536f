import { describe, expect, test } from 'vitest';
import type { BlobRef } from '../../lib/kernel/events.ts';
import { deleteRun } from '../../lib/service/delete-run.ts';
import { getHistory } from '../../lib/service/history.ts';
import { listTasks } from '../../lib/service/list-tasks.ts';
import { getRun, listRuns } from '../../lib/service/show-run.ts';
import { startRun } from '../../lib/service/start-run.ts';
import { purge } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, startIn } from '../kernel/harness.ts';

const flow = workflow({ name: 'flow' }, async (_ctx, input: string) => input.length);

/** A run that has ended, with an input so large that the blob store has it. */
async function endedRun() {
  const world = createWorld();
  const one = world.process('one', [flow]);
  const run = await startIn(one, flow, 'x'.repeat(100_000));
  await world.until(one.drive(world.take('start')));
  const { input } = (await world.head(run)).birth;
  if (typeof input !== 'object') throw new Error('The input is not in the blob store');
  return { world, one, run, blob: input.blob };
}

describe('deleting', () => {
  test('a run that is open is a conflict, with what to do first', async () => {
    const world = createWorld();
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow, 'x');
    await expect(deleteRun(one.ports, run)).rejects.toMatchObject({
      code: 'conflict',
      message: `Run ${run} is pending: only a run that has ended can be deleted. Cancel it first.`,
    });
    expect((await getRun(one.ports, run)).status).toBe('pending');
  });

  test('removes the run with its blobs: nobody finds it any more', async () => {
    const { world, one, run, blob } = await endedRun();
    await deleteRun(one.ports, run);
    expect(await world.blobs.get(blob)).toBeUndefined();
    expect((await listRuns(one.ports, {})).items).toEqual([]);
    for (const look of [getRun(one.ports, run), listTasks(one.ports, run), getHistory(one.ports, run, {})]) {
      await expect(look).rejects.toMatchObject({ code: 'not_found', message: `There is no run ${run}` });
    }
  });

  test('what is not there, or not there any more, is not found', async () => {
    const { one, run } = await endedRun();
    await deleteRun(one.ports, run);
    await expect(deleteRun(one.ports, run)).rejects.toMatchObject({ code: 'not_found' });
    await expect(deleteRun(one.ports, 'nobody')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('that broke off half way is finished by the purge, blobs too; the run is gone from the first moment', async () => {
    const { world, one, run, blob } = await endedRun();
    one.trouble(({ method, nth }) => (method === 'deleteAll' && nth === 1 ? { do: 'refuse' } : undefined));
    await expect(deleteRun(one.ports, run)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(getRun(one.ports, run)).rejects.toMatchObject({ code: 'not_found' });
    expect((await listRuns(one.ports, {})).items).toEqual([]);
    expect(await world.blobs.get(blob)).toBeDefined();

    expect(await purge(one.ports)).toBe(1);
    expect(await world.blobs.get(blob)).toBeUndefined();
    expect(await purge(one.ports)).toBe(0);
  });

  test.each(['before', 'after'] as const)(
    'K7: that stands still %s it removes blobs leaves those of a run that has come under the key meanwhile',
    async (when) => {
      const world = createWorld();
      const [one, two] = [world.process('one', [flow]), world.process('two', [flow])];
      const start = async () => {
        const { head, created } = await startRun(two.ports, { workflow: 'flow', key: 'k', input: 'x'.repeat(100_000) });
        return { ...head.birth, created };
      };
      const old = await start();
      await world.until(two.drive(world.take('start')));

      one.trouble(({ method, nth }) => (method === 'deleteAll' && nth === 1 ? { do: 'stall', when } : undefined));
      const deletion = deleteRun(one.ports, old.id);
      await world.settle();
      const next = await start();
      expect(next).toMatchObject({ id: old.id, created: true });
      one.trouble(undefined);
      one.thaw();
      await world.until(deletion);

      expect(await world.until(two.drive(world.take('start')))).toBe('settled');
      expect((await getRun(two.ports, next.id)).output).toBe(100_000);
      expect(await world.blobs.get((old.input as BlobRef).blob)).toBeUndefined();
      expect(await world.blobs.get((next.input as BlobRef).blob)).toBeDefined();
    },
  );

  test('a run that is started again under its key has children of its own, even while the old ones are there', async () => {
    const inner = workflow({ name: 'inner' }, (ctx) => ctx.step('count', () => (count += 1)));
    const outer = workflow({ name: 'outer' }, (ctx) => ctx.child(inner, undefined));
    let count = 0;
    const world = createWorld();
    const one = world.process('one', [inner, outer]);
    const again = async () => {
      const { head } = await startRun(one.ports, { workflow: 'outer', key: 'monday' });
      await world.deliverAll(one);
      return head.birth.id;
    };
    const run = await again();
    await deleteRun(one.ports, run);
    expect(await again()).toBe(run);
    expect((await getRun(one.ports, run)).output).toBe(2);
  });
});
