import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { startRun } from '../../lib/service/start-run.ts';
import { createWorld } from '../kernel/harness.ts';

const echo = workflow({ name: 'echo' }, async (_ctx, input: unknown) => input);
const other = workflow({ name: 'other' }, async (_ctx, input: unknown) => input);

describe('a key', () => {
  test('says whether the run is new', async () => {
    const { api } = await createTestPawl({ workflows: [echo] });
    const request = { workflow: 'echo', input: 1, key: 'k' };
    const first = await api.startRun(request);
    expect(first.created).toBe(true);
    expect(await api.startRun(request)).toEqual({ run: first.run, created: false });
  });

  test('belongs to its workflow: another one may have the same', async () => {
    const t = await createTestPawl({ workflows: [echo, other] });
    const one = await t.start(echo, 1, { key: 'k' });
    const two = await t.start(other, 2, { key: 'k' });
    expect([await one.result(), await two.result()]).toEqual([1, 2]);
  });

  test('without an input is another input than null', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    await t.start('echo', undefined, { key: 'k' });
    await expect(t.start('echo', null, { key: 'k' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('is free again once its run is deleted', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    const first = await t.start(echo, 1, { key: 'k' });
    await first.result();
    await t.api.deleteRun(first.id);
    const second = await t.start(echo, 2, { key: 'k' });
    expect(await second.result()).toBe(2);
  });

  test('that comes again with a large input stores it no second time', async () => {
    const world = createWorld();
    const one = world.process('one', [echo]);
    const request = { workflow: 'echo', input: 'x'.repeat(100_000), key: 'k' };
    expect((await startRun(one.ports, request)).created).toBe(true);
    expect((await startRun(one.ports, request)).created).toBe(false);
    await expect(startRun(one.ports, { ...request, input: 'y'.repeat(100_000) })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(one.calls.filter(({ method }) => method === 'put')).toHaveLength(1);
  });

  test('has up to 256 characters', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    const key = 'k'.repeat(256);
    expect((await (await t.start(echo, 1, { key })).get()).key).toBe(key);
    await expect(t.start(echo, 1, { key: `${key}k` })).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'The idempotency key has 257 characters; it has 1 to 256',
    });
  });

  test('that is no text is refused', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    await expect(t.start(echo, 1, { key: 7 as never })).rejects.toThrow(
      'The idempotency key has no characters; it has 1 to 256',
    );
  });
});

describe('a workflow that is not there', () => {
  test('of none at all', async () => {
    const t = await createTestPawl({ workflows: [] });
    await expect(t.start('echo')).rejects.toMatchObject({
      code: 'not_found',
      message: "There is no workflow 'echo'. There are none.",
    });
  });

  test('of many: names each once, and no more than 20', async () => {
    const many = Array.from({ length: 25 }, (_, index) =>
      [1, 2].map((version) => workflow({ name: `flow-${index}`, version }, async () => 1)),
    ).flat();
    const t = await createTestPawl({ workflows: many });
    const { message }: Error = await t.start('echo').catch((error) => error);
    expect(message.match(/flow-\d+/g)).toEqual(Array.from({ length: 20 }, (_, index) => `flow-${index}`));
  });
});
