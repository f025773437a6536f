import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const pack = workflow({ name: 'pack', input: z.object({ item: z.string() }) }, async (ctx, input) =>
  ctx.step('pack', () => ({ box: input.item })),
);

const waiting = workflow({ name: 'waiting' }, async (ctx) => ctx.signal<string>('go'));

describe('a child that is waited for', () => {
  const sell = workflow({ name: 'sell' }, async (ctx, item: string) => {
    const { box } = await ctx.child(pack, { item });
    return box;
  });

  test('gives its output', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    expect(await (await t.start(sell, 'nuts')).result()).toBe('nuts');
  });

  test('is a run of its own, that knows its parent and shares its correlation id', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    const run = await t.start(sell, 'nuts', { correlationId: 'order 7' });
    await run.result();

    const [child] = (await t.api.listRuns({ workflow: 'pack', correlationId: 'order 7' })).items;
    expect(await t.api.getRun(child?.id ?? '')).toMatchObject({
      status: 'completed',
      parent: { id: run.id, task: 'child:pack' },
      origin: `run ${run.id}`,
    });
  });

  test('is not started a second time after a crash', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    t.crashAt('pack', { workflow: 'pack' });
    await (await t.start(sell, 'nuts')).result();
    expect((await t.api.listRuns({ workflow: 'pack' })).items).toHaveLength(1);
  });

  test('fails the parent by its own error', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    t.failStep('pack', { error: new RangeError('too big') });
    expect(await (await t.start(sell, 'piano')).ended()).toMatchObject({
      status: 'failed',
      error: { name: 'RangeError', message: 'too big' },
    });
  });

  test('that is cancelled is a failure of the parent', async () => {
    const parent = workflow({ name: 'parent' }, (ctx) => ctx.child(waiting));
    const t = await createTestPawl({ workflows: [parent, waiting] });
    const run = await t.start(parent);
    await t.settle();
    const [child] = (await t.api.listRuns({ workflow: 'waiting' })).items;
    await t.run(child?.id ?? '').cancel('not needed');

    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'CancelledError', message: 'not needed' },
    });
  });

  test('whose input does not fit fails the task, with the path, before anything starts', async () => {
    const wrong = workflow({ name: 'wrong' }, (ctx) => ctx.child('pack', { item: 7 }));
    const t = await createTestPawl({ workflows: [wrong, pack] });
    const { error } = await (await t.start(wrong)).ended();
    expect(error).toMatchObject({ code: 'invalid_input', details: [{ path: 'item' }] });
    expect((await t.api.listRuns({ workflow: 'pack' })).items).toHaveLength(0);
  });

  test('that is not deployed fails the task', async () => {
    const lost = workflow({ name: 'lost' }, (ctx) => ctx.child('nobody'));
    const t = await createTestPawl({ workflows: [lost] });
    expect(await (await t.start(lost)).ended()).toMatchObject({
      status: 'failed',
      error: { code: 'not_found', message: "Workflow nobody, asked for as child 'child:nobody', is not deployed here" },
    });
  });

  test('is cancelled when the parent is', async () => {
    const parent = workflow({ name: 'parent' }, (ctx) => ctx.child(waiting));
    const t = await createTestPawl({ workflows: [parent, waiting] });
    const run = await t.start(parent);
    await t.settle();
    await run.cancel('enough');

    expect((await run.ended()).status).toBe('cancelled');
    await t.settle();
    expect((await t.api.listRuns({ workflow: 'waiting' })).items).toMatchObject([{ status: 'cancelled' }]);
  });

  test('that nobody awaits is cancelled when the parent ends', async () => {
    const parent = workflow({ name: 'parent' }, async (ctx) => {
      void ctx.child(waiting);
      await ctx.sleep('1h');
    });
    const t = await createTestPawl({ workflows: [parent, waiting] });
    await (await t.start(parent)).result();
    await t.settle();
    expect((await t.api.listRuns({ workflow: 'waiting' })).items).toMatchObject([{ status: 'cancelled' }]);
  });

  test('never outlives its parent: its deadline is no later', async () => {
    const parent = workflow({ name: 'parent', timeout: '1h' }, (ctx) => ctx.child(waiting));
    const t = await createTestPawl({ workflows: [parent, waiting] });
    const run = await t.start(parent);
    const { deadline } = await run.get();
    const [child] = (await t.api.listRuns({ workflow: 'waiting' })).items;
    expect((await t.api.getRun(child?.id ?? '')).deadline).toBe(deadline);
  });
});

describe('names of children', () => {
  test('two of one workflow in one scope need names', async () => {
    const twice = workflow({ name: 'twice' }, async (ctx) => [
      await ctx.child(pack, { item: 'a' }),
      await ctx.child(pack, { item: 'b' }),
    ]);
    const named = workflow({ name: 'named' }, async (ctx) => [
      await ctx.child(pack, { item: 'a' }, { name: 'first' }),
      await ctx.child(pack, { item: 'b' }, { name: 'second' }),
    ]);
    const t = await createTestPawl({ workflows: [twice, named, pack] });

    expect((await (await t.start(twice)).ended()).error?.message).toMatch(/^Two tasks are named 'child:pack'/);
    expect(await (await t.start(named)).result()).toEqual([{ box: 'a' }, { box: 'b' }]);
  });

  test('in scopes of their own they need none', async () => {
    const many = workflow({ name: 'many' }, (ctx) =>
      ctx.map('items', ['a', 'b'], (item, scope) => scope.child(pack, { item })),
    );
    const t = await createTestPawl({ workflows: [many, pack] });
    expect(await (await t.start(many)).result()).toEqual([{ box: 'a' }, { box: 'b' }]);
  });
});

describe('a child that is started and left', () => {
  const starter = workflow({ name: 'starter' }, async (ctx) => {
    const { id } = await ctx.startDetached(waiting, undefined, { name: 'side job' });
    return id;
  });

  test('gives its id, and outlives the run that started it', async () => {
    const t = await createTestPawl({ workflows: [starter, waiting] });
    const id = await (await t.start(starter)).result();
    const child = t.run(id);
    expect((await child.get()).status).toBe('waiting');
    expect(await child.get()).not.toHaveProperty('parent');

    await child.signal('go', 'went');
    expect(await child.result()).toBe('went');
  });

  test('is not cancelled with it', async () => {
    const lingering = workflow({ name: 'lingering' }, async (ctx) => {
      await ctx.startDetached('waiting', undefined);
      await ctx.sleep('1d');
    });
    const t = await createTestPawl({ workflows: [lingering, waiting] });
    const run = await t.start(lingering);
    await t.settle();
    await run.cancel();
    await run.ended();
    expect((await t.api.listRuns({ workflow: 'waiting' })).items).toMatchObject([{ status: 'waiting' }]);
  });
});

describe('continueAs', () => {
  const countdown = workflow({ name: 'countdown' }, async (ctx, left: number) => {
    await ctx.step('tick', () => left);
    if (left > 0) ctx.continueAs(left - 1);
    return 'lift-off';
  });

  test('goes on as a new run with a journal of its own; the result follows the chain', async () => {
    const t = await createTestPawl({ workflows: [countdown] });
    const run = await t.start(countdown, 3, { correlationId: 'c' });
    expect(await run.result()).toBe('lift-off');

    const { items } = await t.api.listRuns({ workflow: 'countdown', correlationId: 'c' });
    expect(items).toHaveLength(4);
    const first = await t.api.getRun(run.id);
    expect(first).toMatchObject({ status: 'completed', continuedAs: expect.any(String) });
    expect(await t.api.getRun(first.continuedAs ?? '')).toMatchObject({ input: 2, origin: `run ${run.id}`, events: 2 });
  });

  test('a child that continues gives its last output to the parent', async () => {
    const parent = workflow({ name: 'parent' }, (ctx) => ctx.child(countdown, 2));
    const t = await createTestPawl({ workflows: [parent, countdown] });
    expect(await (await t.start(parent)).result()).toBe('lift-off');
  });

  test('an input that does not fit fails the run', async () => {
    const strict = workflow({ name: 'strict', input: z.number() }, async (ctx) => ctx.continueAs('text'));
    const t = await createTestPawl({ workflows: [strict] });
    const { status, error } = await (await t.start(strict, 1)).ended();
    expect(status).toBe('failed');
    expect(error?.message).toMatch(/^The input of strict does not fit its schema/);
  });

  test('compensates nothing', async () => {
    const undone: string[] = [];
    const looping = workflow({ name: 'looping' }, async (ctx, left: number) => {
      await ctx.step('book', () => 1, { compensate: () => undone.push('book') });
      if (left > 0) ctx.continueAs(left - 1);
      return 'done';
    });
    const t = await createTestPawl({ workflows: [looping] });
    expect(await (await t.start(looping, 2)).result()).toBe('done');
    expect(undone).toEqual([]);
  });
});
