/** The short form of `npm run load`: a server over a store in memory, loaded and then overloaded from the same process. */
import { openPawl } from 'pawl';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../lib/http/app.ts';
import { type HttpServer, serveHttp } from '../../lib/http/serve.ts';
import type { Pawl } from '../../lib/wiring/open-pawl.ts';
import { awaitAll, closedLoopOverHttp, openLoop } from './drive-load.ts';
import { plot } from './plot.ts';
import { loadChain } from './workflows.ts';

const load = { backlog: 20, backlogMs: 1 };
let pawl: Pawl;
let server: HttpServer;

beforeAll(async () => {
  // One run at a time, so that little is much.
  pawl = await openPawl({ workflows: [loadChain], dataDir: ':memory:', concurrency: 1, load });
  server = await serveHttp({ app: createHttpApp({ api: pawl, load: pawl.load }), port: 0 });
});
afterAll(async () => {
  await server.close();
  await pawl.close();
});

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('under load', { timeout: 25_000 }, () => {
  test('every run that is accepted completes, with the outcome of its own input', async () => {
    const loader = closedLoopOverHttp(server.url, { inFlight: 8, name: 'closed' });
    const total = { accepted: 0, completed: 0 };
    await until(() => {
      const { accepted, completed } = loader.take();
      total.accepted += accepted;
      total.completed += completed;
      return total.completed >= 50;
    });
    await loader.stop();
    const { accepted, completed } = loader.take();
    expect(loader.complaints).toEqual([]);
    expect(total.accepted + accepted).toBe(total.completed + completed);
    expect(loader.open.size).toBe(0);
  });

  test('what is too much is refused, what was accepted completes, and then all is as before', async () => {
    const loader = openLoop({ url: server.url, name: 'open', perSecond: 3_000, most: 300, connections: 300 });
    let refused = 0;
    await until(() => {
      refused += loader.take().refused;
      return refused >= 50;
    });
    await loader.stop();
    expect(loader.complaints).toEqual([]);
    expect(loader.open.size).toBeGreaterThan(0);
    const { lost, wrong } = await awaitAll(server.url, loader.open, 15_000);
    expect([lost, wrong]).toEqual([[], []]);
    const run = await pawl.start(loadChain, 7);
    expect(await run.result()).toMatchObject({ number: 7 });
  });

  test('who starts runs in the process itself is held back, and none is refused', async () => {
    let most = 0;
    const starts = Array.from({ length: 300 }, async (_, number) => {
      const run = await pawl.start(loadChain, number);
      most = Math.max(most, pawl.load.waiting());
      return run.result();
    });
    expect(await Promise.all(starts)).toHaveLength(300);
    expect(most).toBeLessThan(150);
  });
});

test('a load is drawn', () => {
  const points = [0, 1, 2].map((x) => [x, x * x] as const);
  const svg = plot('a < b', [{ title: 'Runs', unit: 'a second', series: [{ name: 'n', color: 'red', points }] }]);
  expect(svg).toContain('a &lt; b');
  expect(svg).toMatch(/<path d="M60\.0 146\.0L402\.0 \S+L744\.0 \S+" fill="none"/);
});
