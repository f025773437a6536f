/**
 * `npm run load -- --minutes 10 --backend lmdb|aws`: many times the bench's load for long, then more than can be done.
 * Every accepted run has to complete, memory to stay flat, and a server that has too much to do to say so and go on.
 * Exit code 1: something was violated. Other options: --mode http|in-process, --factor 10, --overload 60 (seconds; 0:
 * none), --processes 4, --connections 50 (that each of them keeps under overload), --fsync batch, --plot file.svg.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { awaitAll } from './drive-load.ts';
import { bounds, memoryGrowth } from './judge.ts';
import { type Phase, runPhase } from './phases.ts';
import { type Chart, plot } from './plot.ts';
import { anonMbOf, forkPart, type LoadedServer, type Look, startAws, startServe } from './servers.ts';
import { quantile } from './tally.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    backend: { type: 'string', default: 'lmdb' },
    mode: { type: 'string', default: 'http' },
    factor: { type: 'string', default: '10' },
    overload: { type: 'string', default: '60' },
    connections: { type: 'string', default: '50' },
    processes: { type: 'string', default: '4' },
    fsync: { type: 'string', default: 'batch' },
    plot: { type: 'string' },
  },
});
/** In flight in the bench. */
const benchInFlight = 64;
/** The overload, in times of what the server was seen to do. */
const overloadFactor = 5;
const openRequests = 500;
const drainMs = 600_000;

const inFlight = Number(values.factor) * benchInFlight;
const seconds = Number(values.minutes) * 60;
const violations: string[] = [];
const rows: string[][] = [];

const row = (...cells: (string | number)[]) =>
  rows.push(cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
const shown = (value: number) =>
  Number.isNaN(value) ? '–' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
const quantiles = (list: readonly number[]) => [0.5, 0.99, 1].map((q) => shown(quantile(list, q)));

mkdirSync('.pawl', { recursive: true });
// Not in the system's temporary folder, which may be in memory.
const folder = mkdtempSync(join('.pawl', 'load-run-'));
const zero = performance.now();
try {
  if (values.mode === 'in-process') await inProcess();
  else await overHttp(values.backend === 'aws' ? await startAws() : await startServe(folder, values.fsync));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report();

async function overHttp(server: LoadedServer): Promise<void> {
  const { url } = server;
  const processes = Number(values.processes);
  const clients = Array.from({ length: processes }, () => forkPart('client'));
  try {
    const common = { clients, look: server.look, zero };
    const load = await runPhase({
      ...common,
      name: 'load',
      seconds,
      order: (index) => ({
        do: 'closed',
        url,
        options: { inFlight: Math.ceil(inFlight / processes), name: `client-${index}` },
      }),
    });
    // A client that was not answered does not know of a run's end.
    if (load.open.length > 0) load.open = (await awaitAll(url, load.open, drainMs)).lost;
    judgeLoad(load);
    const phases = [load];
    const overloadSeconds = Number(values.overload);
    if (overloadSeconds > 0) {
      // The first third is for all to begin.
      const late = load.moments.slice(Math.floor(load.moments.length / 3), -1);
      const capacity = late.reduce((sum, { tally }) => sum + tally.completed, 0) / late.length;
      const overload = await runPhase({
        ...common,
        name: 'overload',
        seconds: overloadSeconds,
        order: (index) => ({
          do: 'open',
          options: {
            ...{ url, name: `open-${index}`, most: openRequests, connections: Number(values.connections) },
            perSecond: (overloadFactor * capacity) / processes,
          },
        }),
      });
      phases.push(overload);
      await judgeOverload(overload, capacity, server, load);
    }
    draw(phases, `${values.backend}, ${inFlight} runs in flight over HTTP`);
    for (const trouble of server.troubles()) process.stderr.write(`the server: ${trouble}\n`);
  } finally {
    for (const client of clients) client.kill();
    await server.close();
  }
}

async function inProcess(): Promise<void> {
  const child = forkPart('in-process', [join(folder, 'data'), String(inFlight), values.fsync]);
  let last = { heapMb: 0, waiting: 0 };
  child.on('message', (message: { say: string; heapMb: number; waiting: number }) => {
    if (message.say === 'heap') last = message;
  });
  let anonMb = 0;
  const look = async (): Promise<Look> => {
    if (child.exitCode === null && child.connected) anonMb = anonMbOf(child.pid);
    return { ...last, anonMb };
  };
  const load = await runPhase({ name: 'in process', clients: [child], seconds, look, zero });
  judgeLoad(load);
  draw([load], `${values.backend}, ${inFlight} runs in flight in process`);
}

function judgeLoad({ total, open, complaints, moments, seconds: took }: Phase): void {
  row('runs accepted', total.accepted);
  row('runs completed', total.completed);
  row('runs a second', total.completed / took);
  row('steps a second', (10 * total.completed) / took);
  row('refused (429)', total.refused);
  row('start, ms: p50, p99, most', ...quantiles(total.startMs));
  row('step hop, ms: p50, p99, most', ...quantiles(total.hopMs));
  row('run, ms: p50, p99, most', ...quantiles(total.runMs));
  if (total.completed === 0) violations.push('no run completed');
  if (open.length > 0) violations.push(`${open.length} accepted runs are lost: ${open.slice(0, 3).join(', ')}`);
  if (total.failed > 0) violations.push(`${total.failed} failures: ${complaints.slice(0, 3).join('; ')}`);
  for (const { what, growsMb, meanMb, isFlat } of memoryGrowth(moments.slice(0, -1))) {
    row(`${what}, MB: mean, growth`, meanMb, growsMb);
    if (!isFlat) violations.push(`${what} is not flat: ${shown(growsMb)} MB more over the last two thirds of the time`);
  }
  row('memory at most, MB', Math.max(...moments.map(({ anonMb }) => anonMb)));
}

async function judgeOverload(overload: Phase, capacity: number, server: LoadedServer, before: Phase): Promise<void> {
  const { total, open, complaints, moments, began, ended, seconds: took } = overload;
  process.stderr.write(`${open.length} runs were accepted; waiting until they have ended …\n`);
  const { lost, wrong, closedAt } = await awaitAll(server.url, open, drainMs);
  const within = closedAt.filter((at) => at >= began && at <= ended).length / took;
  const emptied = closedAt.reduce((latest, at) => Math.max(latest, at), ended) - ended;
  row('', '');
  row('overload: starts asked a second', total.asked / took);
  row('accepted a second', total.accepted / took);
  row('refused (429) a second', total.refused / took);
  row('not sent: too many open, or no connection', total.unsent);
  row('refusal, ms: p50, p99, most', ...quantiles(total.refusalMs));
  row('start, ms: p50, p99, most', ...quantiles(total.startMs));
  row('runs completed a second meanwhile', within);
  row('until all accepted had ended, s', emptied / 1_000);
  row('waiting at most', Math.max(...moments.map(({ waiting }) => waiting)));
  const most = (list: { anonMb: number }[]) => Math.max(...list.map(({ anonMb }) => anonMb));
  row('memory at most, MB', most(moments));
  if (lost.length > 0) violations.push(`${lost.length} runs accepted under overload have not ended`);
  if (wrong.length > 0) violations.push(`under overload ${wrong.slice(0, 3).join('; ')}`);
  if (total.failed > 0)
    violations.push(`${total.failed} failures under overload: ${complaints.slice(0, 3).join('; ')}`);
  if (within < bounds.overloadThroughput * capacity) {
    violations.push(`throughput collapsed from ${shown(capacity)} to ${shown(within)} runs a second`);
  }
  if (most(moments) > most(before.moments) + bounds.overloadMb) violations.push('memory grew too much under overload');
  // On AWS the queue is another's, and takes what comes.
  if (values.backend === 'aws') return;
  if (total.refused === 0) violations.push('nothing was refused under overload');
  if (quantile(total.refusalMs, 0.99) > bounds.refusalP99Ms) violations.push('refusals took too long');
}

function draw(phases: Phase[], title: string): void {
  if (values.plot === undefined) return;
  const moments = phases.flatMap((phase) => phase.moments);
  const each = (pick: (moment: (typeof moments)[number]) => number) =>
    moments.map((moment) => [moment.at, pick(moment)] as const);
  const charts: Chart[] = [
    {
      title: 'Memory',
      unit: 'MB',
      series: [
        { name: 'without the map', color: '#1f77b4', points: each(({ anonMb }) => anonMb) },
        { name: 'heap', color: '#ff7f0e', points: each(({ heapMb }) => heapMb) },
      ],
    },
    {
      title: 'Runs',
      unit: 'a second',
      series: [
        { name: 'accepted', color: '#2ca02c', points: each(({ tally }) => tally.accepted) },
        { name: 'completed, seen by clients', color: '#1f77b4', points: each(({ tally }) => tally.completed) },
        { name: 'refused', color: '#d62728', points: each(({ tally }) => tally.refused) },
      ],
    },
    {
      title: 'Latency of a start',
      unit: 'ms',
      series: [
        { name: 'p50', color: '#1f77b4', points: each(({ tally }) => quantile(tally.startMs, 0.5)) },
        { name: 'p99', color: '#ff7f0e', points: each(({ tally }) => quantile(tally.startMs, 0.99)) },
      ],
    },
    {
      title: 'Latency of a run',
      unit: 'ms',
      series: [
        { name: 'p50', color: '#1f77b4', points: each(({ tally }) => quantile(tally.runMs, 0.5)) },
        { name: 'p99', color: '#ff7f0e', points: each(({ tally }) => quantile(tally.runMs, 0.99)) },
      ],
    },
  ];
  mkdirSync(dirname(values.plot), { recursive: true });
  writeFileSync(values.plot, plot(title, charts));
}

function report(): void {
  for (const [name = '', ...cells] of rows) {
    console.log(name.padEnd(44) + cells.map((cell) => cell.padStart(12)).join(''));
  }
  for (const violation of violations) console.log(`VIOLATED: ${violation}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
