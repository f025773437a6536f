/**
 * People who start runs and tell them things over HTTP, whatever answers they get. Owns: what they were promised, which is
 * what has to be true in the end. Does not own: whether it is.
 */
import { createClient, type Fault, isFault } from '../../lib/client/index.ts';
import type { Chance } from './plan.ts';
import type { SoakWorkflow } from './workflows.ts';

/** A run that somebody wants. */
export interface Wish {
  key: string;
  workflow: SoakWorkflow;
  input: unknown;
  /** As told by the first answer. Absent: nobody knows whether there is one. */
  id?: string;
  /** Answers that say that it is new. */
  created: number;
  /** What a collector is to collect; `accepted` once an answer says so. */
  items: { value: number; accepted: boolean }[];
  /** For one that ends by being cancelled. */
  cancelled: 'no' | 'wanted' | 'accepted';
  /** It may have been paused, and has to be resumed. */
  paused: boolean;
}

export interface People {
  readonly wishes: readonly Wish[];
  /** What no answer may say. */
  readonly violations: readonly string[];
  /** Answers of all kinds. */
  readonly counts: Readonly<Record<string, number>>;
  /** One of them does one thing. */
  act(): Promise<void>;
  /** They ask again for all that they have had no answer to, until they have one. */
  insist(): Promise<void>;
}

const most = 400;
/** Answers that say: not now. All others are about the request, and all requests are good. */
const passing = new Set(['unavailable', 'closed']);
const attempts = 40;

export function createPeople({ url, chance, seed }: { url: string; chance: Chance; seed: number }): People {
  const client = createClient({ url, retry: { attempts: 2, firstDelayMs: 20, maxDelayMs: 100 }, timeoutMs: 60_000 });
  const wishes: Wish[] = [];
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  async function ask<T>(what: string, request: () => Promise<T>): Promise<T | Fault | undefined> {
    try {
      const answer = await request();
      count(`${what} accepted`);
      return answer;
    } catch (error) {
      if (!isFault(error)) throw error;
      count(`${what} ${error.code}`);
      if (passing.has(error.code)) return undefined;
      return error;
    }
  }

  function complain(what: string, { code, message }: Fault): void {
    violations.push(`${what} was answered with ${code}: ${message}`);
  }

  async function start(wish: Wish): Promise<void> {
    const { workflow, input, key } = wish;
    const answer = await ask('start', () => client.startRun({ workflow, input, key }));
    if (answer === undefined) return;
    if (isFault(answer)) return complain(`start of ${workflow} ${key}`, answer);
    const { run, created } = answer;
    if (created) wish.created += 1;
    if (wish.id !== undefined && wish.id !== run.id) violations.push(`${key} is run ${wish.id}, and run ${run.id}`);
    wish.id = run.id;
  }

  async function sendItem(wish: Wish, index: number): Promise<void> {
    const item = wish.items[index];
    const { id } = wish;
    if (item === undefined || id === undefined) return;
    const options = { key: `item-${index}`, payload: item.value };
    const answer = await ask('signal', () => client.signalRun(id, 'item', options));
    if (answer === undefined) return;
    // It may have ended because it heard this one, whose answer was lost.
    if (isFault(answer) && answer.code !== 'settled') return complain(`signal ${index} to ${id}`, answer);
    item.accepted = true;
  }

  async function cancel(wish: Wish): Promise<void> {
    const { id } = wish;
    if (id === undefined) return;
    const answer = await ask('cancel', () => client.cancelRun(id));
    if (answer === undefined) return;
    if (isFault(answer) && answer.code !== 'settled') return complain(`cancel of ${id}`, answer);
    wish.cancelled = 'accepted';
  }

  async function pause(wish: Wish): Promise<void> {
    const { id } = wish;
    if (id === undefined) return;
    wish.paused = true;
    const answer = await ask('pause', () => client.pauseRun(id));
    if (isFault(answer) && answer.code !== 'settled') complain(`pause of ${id}`, answer);
  }

  async function resume(wish: Wish): Promise<void> {
    const { id } = wish;
    if (id === undefined) return;
    const answer = await ask('resume', () => client.resumeRun(id));
    if (answer === undefined) return;
    if (isFault(answer) && answer.code !== 'settled') return complain(`resume of ${id}`, answer);
    wish.paused = false;
  }

  async function look(wish: Wish): Promise<void> {
    const { id } = wish;
    if (id === undefined) return;
    const answer = await ask('show', () => client.getRun(id));
    if (isFault(answer)) complain(`a look at run ${id}`, answer);
  }

  async function list(): Promise<void> {
    const filter = chance.pick([{}, { status: 'waiting' }, { status: 'completed' }, { workflow: 'ledger' }] as const);
    const answer = await ask('list', () => client.listRuns({ ...filter, limit: 20 }));
    if (isFault(answer)) complain('a list', answer);
  }

  function nextWish(): Wish {
    const numbers = (most: number) => Array.from({ length: 1 + chance.below(most) }, () => chance.below(100));
    const workflow = chance.pick<SoakWorkflow>([
      ...(['ledger', 'ledger', 'spread', 'collector', 'collector', 'nap'] as const),
      ...(['family', 'flaky', 'payment', 'booking', 'archive'] as const),
    ]);
    const ms = chance.pick([0, 0, 300, 3_000]);
    const inputs: Record<SoakWorkflow, () => unknown> = {
      ledger: () => ({ values: numbers(12), ms }),
      spread: () => ({ values: numbers(8), ms }),
      collector: () => 1 + chance.below(4),
      nap: () => ({ naps: numbers(3).map((value) => chance.pick([1_500, 20_000, 2_000 * value])) }),
      family: () => ({ families: numbers(3).map(() => numbers(3)), ms }),
      flaky: () => ({ fails: 1 + chance.below(4) }),
      payment: () => ({ ms }),
      booking: () => null,
      archive: () => ({ text: 'x'.repeat(chance.pick([10, 600, 40_000, 90_000])) }),
    };
    const input = inputs[workflow]();
    const wish: Wish = {
      ...{ key: `wish-${seed}-${wishes.length}`, workflow, input, created: 0, paused: false },
      items: workflow === 'collector' ? Array.from({ length: input as number }, () => newItem()) : [],
      cancelled: workflow === 'booking' ? 'wanted' : 'no',
    };
    wishes.push(wish);
    return wish;
  }

  const newItem = () => ({ value: chance.below(1_000_000), accepted: false });

  async function act(): Promise<void> {
    const kind = chance.below(100);
    if (wishes.length === 0 || (kind < 45 && wishes.length < most)) {
      const wish = nextWish();
      await Promise.all([start(wish), ...(chance.happens(0.1) ? [start(wish)] : [])]);
      return;
    }
    const wish = chance.pick(wishes);
    if (kind < 55) return start(wish);
    if (kind < 62) return list();
    const [index] = wish.items.flatMap(({ accepted }, at) => (accepted ? [] : [at]));
    if (index !== undefined) return sendItem(wish, index);
    if (wish.cancelled === 'wanted' && kind < 75) return cancel(wish);
    if (wish.paused) return resume(wish);
    if (kind < 75) return pause(wish);
    return look(wish);
  }

  /** Until nothing is left that `what` says. */
  async function until(what: () => Promise<void>[]): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const asked = what();
      if (asked.length === 0) return;
      await Promise.all(asked);
    }
    violations.push(`People had no answer when all was well again, after ${attempts} attempts`);
  }

  return {
    wishes,
    violations,
    counts,
    act,
    async insist() {
      await until(() => wishes.filter(({ id }) => id === undefined).map(start));
      await until(() => wishes.filter(({ paused }) => paused).map(resume));
      await until(() => wishes.filter(({ cancelled }) => cancelled === 'wanted').map(cancel));
      await until(() =>
        wishes.flatMap((wish) =>
          wish.items.flatMap(({ accepted }, index) => (accepted ? [] : [sendItem(wish, index)])),
        ),
      );
    },
  };
}
