/**
 * Whoever wants something of the processes under test. Owns: what was answered, which is what has to be true
 * afterwards. Each request goes to any process that is up, and again to another until one has answered.
 */
import type { RunView } from '../../lib/service/api.ts';
import { hasEnded, type Plan, planNumber } from './plans.ts';
import type { Actor } from './processes.ts';

/** A plan, and what the processes have said about it. */
export interface Told {
  plan: Plan;
  /** Of the run, once its start was answered. */
  id?: string;
  /** As it was first seen to have ended. */
  ended?: RunView;
}

export interface Demand {
  told: Told[];
  facts: string[];
  /** Plans that are under way. */
  open(): number;
  /** Takes on no more plans; resolves when those under way are done. */
  finish(): Promise<void>;
}

export interface DemandOptions {
  random: () => number;
  /** Plans under way at the same time. */
  together: number;
  /** Those that take requests now. */
  actors: () => Actor[];
  signal: AbortSignal;
}

const pollMs = 500;
/** What a request may be refused with while processes die around it. */
const passing = new Set(['unavailable', 'closed', undefined]);

export function startDemand({ random, together, actors, signal }: DemandOptions): Demand {
  const told: Told[] = [];
  const facts: string[] = [];
  const going = new Set<Promise<void>>();
  let finishing = false;

  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  async function ask<T>(request: (actor: Actor) => Promise<T>, attempts = Number.POSITIVE_INFINITY): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const up = actors();
      const actor = up[Math.floor(Math.random() * up.length)];
      try {
        if (actor !== undefined) return await request(actor);
        attempt -= 1;
      } catch (error) {
        if (!passing.has((error as { code?: string }).code) || attempt >= attempts) throw error;
      }
      await pause(20);
    }
  }

  async function follow(entry: Told): Promise<void> {
    const { key, workflow, input, unkeyed, letters, cancel, pauseMs } = entry.plan;
    const start = { workflow, ...(input !== undefined && { input }), ...(!unkeyed && { key }) };
    const { run } = await ask(({ ask: via }) => via.startRun(start), unkeyed ? 1 : undefined);
    const { id } = run;
    entry.id = id;
    for (const [i, { payload, twice }] of letters.entries()) {
      await pause(pauseMs);
      const send = () => ask(({ ask: via }) => via.signalRun(id, 'letter', { payload, key: `${key}-${i}` }));
      await send().catch(unlessSettled);
      if (twice) await send().catch(unlessSettled);
    }
    if (cancel) {
      await pause(pauseMs);
      await ask(({ ask: via }) => via.cancelRun(id)).catch(unlessSettled);
    }
    for (;;) {
      const view = await ask(({ ask: via }) => via.getRun(id));
      if (hasEnded(view)) {
        entry.ended = view;
        return;
      }
      if (view.status === 'blocked') facts.push(`${id} (${workflow}) is blocked: ${JSON.stringify(view.blocked)}`);
      await pause(pollMs);
    }
  }

  function next(): void {
    if (finishing || signal.aborted) return;
    const entry: Told = { plan: planNumber(told.length, random) };
    told.push(entry);
    const plan = follow(entry)
      .catch((error: unknown) => {
        if (signal.aborted || (entry.plan.unkeyed && entry.id === undefined)) return;
        facts.push(`${entry.plan.key} (${entry.plan.workflow}, run ${entry.id}): ${String(error)}`);
      })
      .finally(() => {
        going.delete(plan);
        next();
      });
    going.add(plan);
  }

  for (let i = 0; i < together; i += 1) next();

  return {
    told,
    facts,
    open: () => going.size,
    async finish() {
      finishing = true;
      while (going.size > 0) await Promise.all(going);
    },
  };
}

/** What was taken although its answer was lost may be asked for again when all is over. */
function unlessSettled(error: unknown): void {
  if ((error as { code?: string }).code !== 'settled') throw error;
}
