import { type Context, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

describe('the context', () => {
  test('its functions may be taken out of it', async () => {
    const doubled = workflow({ name: 'doubled' }, async (_ctx, n: number) => 2 * n);
    const undone: string[] = [];
    const parts = workflow({ name: 'parts' }, async (ctx: Context) => {
      const { run, step, sleep, sleepUntil, child, map, all, race, compensate, now, random, uuid } = ctx;
      const { version, report, log } = ctx;
      compensate('undo', () => undone.push('undo'));
      report({ at: 'the beginning' });
      log.info('it begins');
      await sleep('1s');
      await sleepUntil(now() + 1_000);
      return {
        workflow: run.workflow,
        one: await step('one', () => 1),
        two: await child(doubled, 1),
        mapped: await map('mapped', [1, 2], (n, { step: inside }) => inside('same', () => n)),
        both: await all('both', { a: ({ step: inside }) => inside('a', () => 'a'), b: async () => 'b' }),
        first: await race('first', { only: async () => 'alone' }),
        isNew: version('change'),
        isFraction: random() < 1,
        uuid: uuid(),
      };
    });
    const failing = workflow({ name: 'failing' }, async ({ compensate, step }) => {
      compensate('undo', () => undone.push('undone'));
      await step('fails', () => Promise.reject(new Error('no')), { retry: { attempts: 1 } });
    });
    const t = await createTestPawl({ workflows: [doubled, parts, failing] });
    expect(await (await t.start('parts')).result()).toEqual({
      workflow: 'parts',
      one: 1,
      two: 2,
      mapped: [1, 2],
      both: { a: 'a', b: 'b' },
      first: { winner: 'only', value: 'alone' },
      isNew: true,
      isFraction: true,
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(undone).toEqual([]);
    expect(await (await t.start('failing')).ended()).toMatchObject({ status: 'failed' });
    expect(undone).toEqual(['undone']);
  });

  test('so may those that wait for others', async () => {
    const waiting = workflow({ name: 'waiting' }, async ({ signal, callback }) => {
      const { token, result } = callback<string>('answer', { timeout: '1s' });
      const answer = await result.catch((error: Error) => error.name);
      return [typeof token, answer, await signal('go')];
    });
    const t = await createTestPawl({ workflows: [waiting] });
    const run = await t.start('waiting');
    await run.signal('go', 'went');
    expect(await run.result()).toEqual(['string', 'TimeoutError', 'went']);
  });

  test('so may what ends a run', async () => {
    const counting = workflow({ name: 'counting' }, async ({ continueAs }, n: number) =>
      n < 3 ? continueAs(n + 1) : n,
    );
    const t = await createTestPawl({ workflows: [counting] });
    expect(await (await t.start('counting', 1)).result()).toBe(3);
  });

  test.each<[string, (ctx: Context, told: string[]) => Context]>([
    ['a proxy of it', (ctx) => new Proxy(ctx, {})],
    ['what inherits from it', (ctx) => Object.create(ctx) as Context],
    [
      'one of whose functions another was put',
      (ctx, told) => {
        const { step } = ctx;
        ctx.step = ((name: string, ...rest: [never]) => {
          told.push(name);
          return step(name, ...rest);
        }) as Context['step'];
        return ctx;
      },
    ],
  ])('%s does what it does', async (what, made) => {
    const told: string[] = [];
    const wrapping = workflow({ name: 'wrapping' }, async (ctx: Context) => {
      const wrapped = made(ctx, told);
      await wrapped.sleep('1s');
      return [wrapped.run.workflow, await wrapped.step('one', () => 1)];
    });
    const t = await createTestPawl({ workflows: [wrapping] });
    expect(await (await t.start('wrapping')).result()).toEqual(['wrapping', 1]);
    expect(new Set(told)).toEqual(new Set(what.startsWith('one') ? ['one'] : []));
  });
});
