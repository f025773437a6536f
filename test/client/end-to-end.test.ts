import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient, type PawlClient, RunNotCompleted } from '../../lib/client/index.ts';
import { createHttpApp } from '../../lib/http/app.ts';
import { historyPage, runPage, runView, taskList } from '../../lib/http/contract/schemas.ts';
import { workflowList } from '../../lib/http/contract/workflow-schemas.ts';
import { serveHttp } from '../../lib/http/serve.ts';
import { openPawl } from '../../lib/wiring/open-pawl.ts';
import { workflow } from '../../lib/workflow/workflow.ts';

const order = workflow(
  { name: 'order', input: z.object({ items: z.array(z.object({ price: z.number() })) }) },
  async (ctx, { items }) => {
    const total = await ctx.step('total', async () => items.reduce((sum, { price }) => sum + price, 0));
    const approval = (await ctx.signal('approval')) as { by: string };
    return { total, approvedBy: approval.by };
  },
);

const payment = workflow({ name: 'payment' }, async (ctx) => {
  const answer = await ctx.callback<{ paid: boolean }>('paid');
  await ctx.report({ token: answer.token });
  return answer.result;
});

const hasty = workflow({ name: 'hasty' }, async (ctx) => {
  await ctx.step('break', async () => Promise.reject(new Error('out of stock')), { retry: { attempts: 1 } });
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function reached(): Promise<{ client: PawlClient; url: string }> {
  const pawl = await openPawl({ workflows: [order, payment, hasty], dataDir: ':memory:' });
  closing.push(() => pawl.close());
  const server = await serveHttp({ app: createHttpApp({ api: pawl }), port: 0, graceMs: 100 });
  closing.push(() => server.close());
  return { client: createClient({ url: server.url }), url: server.url };
}

test('a run is started, watched, signalled and waited for', async () => {
  const { client } = await reached();
  const run = await client.start(order, { items: [{ price: 2 }, { price: 3 }] }, { key: 'k1' });
  const types: string[] = [];
  const watching = (async () => {
    for await (const { type } of client.watchRun(run.id)) types.push(type);
  })();
  await run.signal('approval', { by: 'ada' });
  const output: { total: number; approvedBy: string } = await run.result();
  expect(output).toEqual({ total: 5, approvedBy: 'ada' });
  await watching;
  expect(types).toContain('task_completed');
  expect(types.at(-1)).toBe('run_completed');
  expect((await client.start(order, { items: [{ price: 2 }, { price: 3 }] }, { key: 'k1' })).id).toBe(run.id);
  await expect(client.start(order, { items: [] }, { key: 'k1' })).rejects.toMatchObject({ code: 'conflict' });
});

test('what the service answers is what the contract says', async () => {
  const { client, url } = await reached();
  const run = await client.start(order, { items: [{ price: 1 }] }, { correlationId: 'c' });
  const exact = async (path: string) => (await fetch(`${url}${path}`)).json();
  await expect.poll(async () => (await run.get()).status).toBe('waiting');
  expect(runView.strict().parse(await exact(`/v1/runs/${run.id}`)).awaiting).toMatchObject([{ name: 'approval' }]);
  await run.signal('approval', { by: 'ada' });
  await run.result();
  expect(runView.strict().parse(await exact(`/v1/runs/${run.id}`)).output).toEqual({ total: 1, approvedBy: 'ada' });
  expect(runPage.strict().parse(await exact('/v1/runs?correlationId=c')).items).toHaveLength(1);
  expect(taskList.parse(await exact(`/v1/runs/${run.id}/tasks`)).items.map(({ status }) => status)).toEqual([
    'completed',
    'completed',
  ]);
  expect(historyPage.parse(await exact(`/v1/runs/${run.id}/history`)).items[0]?.seq).toBe(1);
  expect(
    workflowList
      .parse(await exact('/v1/workflows'))
      .items.map(({ name }) => name)
      .sort(),
  ).toEqual(['hasty', 'order', 'payment']);
  expect((await client.health()).workers).toBe(1);
});

test('an input that does not fit is told by its path, as in process', async () => {
  const { client } = await reached();
  const refused = client.startRun({ workflow: 'order', input: { items: [{ price: 'free' }] } });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_input', problems: [{ path: 'items[0].price' }] });
});

test('a callback is answered by whoever has its token', async () => {
  const { client } = await reached();
  const run = await client.start(payment, undefined);
  await expect.poll(async () => (await run.get()).report).toMatchObject({ token: expect.any(String) });
  const { token } = (await run.get()).report as { token: string };
  await client.answerCallback(token, { result: { paid: true } });
  expect(await run.result()).toEqual({ paid: true });
});

test('a run that fails or is cancelled says so, and can be deleted', async () => {
  const { client } = await reached();
  const failing = await client.start(hasty, undefined);
  await expect(failing.result()).rejects.toThrow('out of stock');
  const cancelled = await client.start(order, { items: [] });
  await cancelled.pause();
  await cancelled.resume();
  await cancelled.cancel('mistake');
  const error = await cancelled.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RunNotCompleted);
  expect(error).toMatchObject({ run: { status: 'cancelled' } });
  await expect(cancelled.signal('approval')).rejects.toMatchObject({ code: 'settled' });
  await client.deleteRun(cancelled.id);
  await expect(cancelled.get()).rejects.toMatchObject({ code: 'not_found' });
});
