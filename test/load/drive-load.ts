/**
 * Those who load a server. A closed loop has so many runs in flight and waits for each; an open loop sends so many starts
 * a second, whatever the answers are.
 */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient } from 'pawl/client';
import { type LoadOutput, stepsPerRun } from './chain.ts';
import { emptyTally, type Tally } from './tally.ts';

export interface Loader {
  /** What has happened since the last look. */
  take(): Tally;
  /** Begins nothing more; resolves when all that was begun has ended. */
  stop(): Promise<void>;
  /** What was accepted and is not known to have ended. */
  readonly open: Set<string>;
  readonly complaints: string[];
}

/** A run that is not known to have ended after this is lost, in ms. */
const lostAfterMs = 300_000;
const mostComplaints = 20;

function loader() {
  let tally = emptyTally();
  const open = new Set<string>();
  const complaints: string[] = [];
  return {
    open,
    complaints,
    tally: () => tally,
    complain(text: string) {
      tally.failed += 1;
      if (complaints.length < mostComplaints) complaints.push(text);
    },
    take() {
      const taken = tally;
      tally = emptyTally();
      return taken;
    },
  };
}

export interface ClosedOptions {
  inFlight: number;
  /** Differs between loaders. */
  name: string;
  start(
    number: number,
    key: string,
  ): Promise<{ id: string; result(options: { signal: AbortSignal }): Promise<unknown> }>;
}

/** Checks each outcome, too. */
export function closedLoop({ inFlight, name, start }: ClosedOptions, own = loader()): Loader {
  let isOver = false;
  let count = 0;

  async function one(): Promise<void> {
    count += 1;
    const number = count;
    const tally = own.tally;
    tally().asked += 1;
    const began = performance.now();
    try {
      const run = await start(number, `${name}-${number}`);
      tally().accepted += 1;
      tally().startMs.push(performance.now() - began);
      own.open.add(run.id);
      const output = (await run.result({ signal: AbortSignal.timeout(lostAfterMs) })) as LoadOutput;
      if (output.number !== number || output.hops.length !== stepsPerRun - 1) {
        own.complain(`run ${run.id} ended with ${JSON.stringify(output)}`);
        return;
      }
      own.open.delete(run.id);
      tally().completed += 1;
      tally().runMs.push(performance.now() - began);
      for (const hop of output.hops) tally().hopMs.push(hop);
    } catch (error) {
      own.complain(String(error));
      // Who gets nothing done asks again in a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const loops = Array.from({ length: inFlight }, async () => {
    while (!isOver) await one();
  });
  return {
    ...own,
    async stop() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

export function closedLoopOverHttp(url: string, options: Omit<ClosedOptions, 'start'>): Loader {
  const own = loader();
  const client = createClient({
    url,
    retry: { attempts: 30 },
    async fetch(input, init) {
      const answer = await fetch(input, init);
      if (answer.status === 429) own.tally().refused += 1;
      return answer;
    },
  });
  return closedLoop(
    {
      ...options,
      start: async (number, key) => client.start<number, unknown>({ name: 'load-chain' }, number, { key }),
    },
    own,
  );
}

export interface OpenOptions {
  url: string;
  name: string;
  perSecond: number;
  /** The most requests that are open; what would be more is not sent. */
  most: number;
  /** So many are kept, and requests wait for one that is free. */
  connections: number;
}

const tickMs = 20;

export function openLoop({ url, name, perSecond, most, connections }: OpenOptions): Loader {
  const own = loader();
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const asking = new Set<Promise<void>>();
  const began = performance.now();
  let count = 0;

  async function ask(number: number): Promise<void> {
    const at = performance.now();
    own.tally().asked += 1;
    try {
      const answer = await post(`${url}/v1/runs`, agent, `${name}-${number}`, {
        workflow: 'load-chain',
        input: number,
      });
      const told = JSON.parse(answer.text) as { id?: string };
      const tookMs = performance.now() - at;
      if (answer.status === 429) {
        own.tally().refused += 1;
        own.tally().refusalMs.push(tookMs);
        if (!/^\d+$/.test(answer.headers['retry-after'] ?? '')) own.complain('429 without Retry-After');
      } else if (answer.status === 201 && told.id !== undefined) {
        own.tally().accepted += 1;
        own.tally().startMs.push(tookMs);
        own.open.add(told.id);
      } else own.complain(`${answer.status} ${JSON.stringify(told)}`);
    } catch (error) {
      // The machine holds no more connections that nobody has taken yet, and lets the newest wait.
      if ((error as { code?: unknown }).code === 'ETIMEDOUT') own.tally().unsent += 1;
      else own.complain(String(error));
    }
  }

  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    for (; count < due; count += 1) {
      if (asking.size >= most) {
        own.tally().unsent += 1;
        continue;
      }
      const one = ask(count).finally(() => asking.delete(one));
      asking.add(one);
    }
  }, tickMs);
  return {
    ...own,
    async stop() {
      clearInterval(timer);
      await Promise.all(asking);
      agent.destroy();
    },
  };
}

interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** `fetch` opens a connection for each request that finds none free; an agent keeps to a number of them. */
function post(url: string, agent: Agent, key: string, body: object): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
    const asked = request(url, { method: 'POST', agent, headers }, (answer) => {
      const { statusCode: status = 0, headers: told } = answer;
      text(answer).then((read) => resolve({ status, headers: told, text: read }), reject);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The server hung up on a connection that had been idle, just as it was used again.
      if (asked.reusedSocket && error.code === 'ECONNRESET') resolve(post(url, agent, key, body));
      else reject(error);
    });
    asked.end(JSON.stringify(body));
  });
}

/**
 * Asks for each run until it has ended. Answers with those that have not after `patienceMs`, and with when the others did,
 * in ms since the epoch.
 */
export async function awaitAll(
  url: string,
  ids: Iterable<string>,
  patienceMs: number,
): Promise<{ lost: string[]; wrong: string[]; closedAt: number[] }> {
  const left = new Set(ids);
  const closedAt: number[] = [];
  const wrong: string[] = [];
  const giveUpAt = performance.now() + patienceMs;
  const client = createClient({ url, retry: { attempts: 20 } });
  while (left.size > 0 && performance.now() < giveUpAt) {
    // The oldest end first: where one has not, the others need not be asked.
    for (const batch of batchesOf([...left], 20)) {
      const runs = await Promise.all(batch.map((id) => client.getRun(id)));
      const ended = runs.filter((run) => run.closedAt !== undefined);
      for (const run of ended) {
        left.delete(run.id);
        closedAt.push(Date.parse(String(run.closedAt)));
        if (run.status !== 'completed') wrong.push(`${run.id} is ${run.status}`);
      }
      if (ended.length === 0) await new Promise((resolve) => setTimeout(resolve, 200));
      if (performance.now() >= giveUpAt) break;
    }
  }
  return { lost: [...left], wrong, closedAt };
}

function batchesOf<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
