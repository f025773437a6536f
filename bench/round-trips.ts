/**
 * How many calls of the store a path takes, and how many of them one after the other. Each call takes 5 ms of a virtual
 * clock on which nothing else takes time, so that what has passed is the longest sequence, exactly.
 */
import { createMemoryStore } from '../lib/adapters/memory/store.ts';
import { createVirtualClock, type VirtualClock } from '../lib/adapters/memory/virtual-clock.ts';
import type { Definition } from '../lib/kernel/definition.ts';
import { isOpen } from '../lib/kernel/head.ts';
import type { Store } from '../lib/ports/store.ts';
import { type Workflow, workflow } from '../lib/workflow/index.ts';
import { createEngine } from './engine.ts';

export interface RoundTrips {
  /** Calls by method. */
  calls: Record<string, number>;
  /** In sequence, from the start of the run (or from the signal) until its end is durable. */
  untilEnd: number;
  /** In sequence until nothing is under way: the head is closed, and relatives are told. */
  untilQuiet: number;
}

export interface RoundTripPath {
  path: string;
  /** What the calls are for. */
  why: string;
  /** A test holds them. A path that gains a call fails there first; then either the call goes, or this says what it buys. */
  expected: RoundTrips;
  measure(): Promise<RoundTrips>;
}

const callMs = 5;
/** A path that is not over after so many alarms never will be. */
const mostAlarms = 10_000;
/** Macrotasks in a row without any that the engine asked for: then nothing goes on without time. */
const quietTurns = 4;

interface CountedStore {
  store: Store;
  calls: Record<string, number>;
  underWay(): number;
  reset(): void;
}

function countedStore(inner: Store, clock: VirtualClock): CountedStore {
  let calls: Record<string, number> = {};
  let underWay = 0;
  const store = new Proxy(inner, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function' || property === 'close') return method;
      return async (...args: unknown[]) => {
        const name = String(property);
        calls[name] = (calls[name] ?? 0) + 1;
        underWay += 1;
        await new Promise<void>((resolve) => {
          clock.schedule(clock.now() + callMs, resolve);
        });
        underWay -= 1;
        return Reflect.apply(method, target, args);
      };
    },
  });
  return {
    store,
    get calls() {
      return calls;
    },
    underWay: () => underWay,
    reset() {
      calls = {};
    },
  };
}

interface Scene {
  flow: Definition;
  input?: unknown;
  /** Other workflows that take part. */
  others?: Definition[];
  /** Counted is what follows this signal, which is sent once the run waits for it. */
  signal?: string;
}

async function measureScene({ flow, input, others = [], signal }: Scene): Promise<RoundTrips> {
  const clock = createVirtualClock();
  const memory = createMemoryStore({ clock });
  const counted = countedStore(memory, clock);
  let busy = 0;
  const macrotask = async () => {
    busy += 1;
    await clock.macrotask();
    busy -= 1;
  };
  const engine = createEngine({ store: counted.store, clock: { ...clock, macrotask }, workflows: [flow, ...others] });

  /** Lets everything happen that needs no time. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      await clock.macrotask();
      if (busy > 0) quiet = -1;
    }
  }

  async function passUntil(isOver: () => Promise<boolean>): Promise<void> {
    for (let alarms = 0; alarms < mostAlarms; alarms += 1) {
      await settle();
      if (await isOver()) return;
      if (!(await clock.advanceToNext())) break;
    }
    throw new Error(`${flow.name} does not come to its end`);
  }

  let began = clock.now();
  const id = await pass(engine.start(flow, input));
  let endedAt: number | undefined;
  engine.ports.changes.subscribe(id, (settledAt) => {
    if (settledAt !== undefined) endedAt ??= clock.now();
  });
  if (signal !== undefined) {
    await passUntil(async () => (await memory.readHead(id))?.state.status === 'waiting' && counted.underWay() === 0);
    counted.reset();
    began = clock.now();
    await pass(engine.signal(id, signal));
  }
  await passUntil(async () => {
    const head = await memory.readHead(id);
    return head !== undefined && !isOpen(head.state) && counted.underWay() === 0;
  });
  const untilQuiet = (clock.now() - began) / callMs;
  await engine.close();
  return { calls: { ...counted.calls }, untilEnd: ((endedAt ?? Number.NaN) - began) / callMs, untilQuiet };

  async function pass<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    void promise.finally(() => {
      isDone = true;
    });
    await passUntil(async () => isDone);
    return promise;
  }
}

const chain = (name: string, options: object = {}): Workflow<number, void> =>
  workflow({ name, ...options }, async (ctx, steps: number) => {
    for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => i);
  });

const fan = workflow({ name: 'fan' }, async (ctx, width: number) => {
  await Promise.all(Array.from({ length: width }, (_, i) => ctx.step(`step-${i}`, () => i)));
});

const waiting = workflow({ name: 'waiting' }, async (ctx) => {
  await ctx.signal('go');
});

const small = workflow({ name: 'small' }, async (ctx) => ctx.step('one', () => 1));

const parent = workflow({ name: 'parent' }, async (ctx) => ctx.child(small, undefined));

export const roundTripPaths: RoundTripPath[] = [
  {
    path: 'a run without steps',
    why: 'Created, read by its driver, ended, its head closed.',
    expected: { calls: { create: 1, read: 1, append: 1, updateHead: 1 }, untilEnd: 3, untilQuiet: 4 },
    measure: () => measureScene({ flow: chain('chain'), input: 0 }),
  },
  {
    path: 'a run of ten steps',
    why: 'One call a step, and the last one ends the run. It is read while its first step is written.',
    expected: { calls: { create: 1, read: 1, append: 10, updateHead: 1 }, untilEnd: 11, untilQuiet: 12 },
    measure: () => measureScene({ flow: chain('chain'), input: 10 }),
  },
  {
    path: 'a run of a hundred steps',
    why: 'One call a step.',
    expected: { calls: { create: 1, read: 1, append: 100, updateHead: 1 }, untilEnd: 101, untilQuiet: 102 },
    measure: () => measureScene({ flow: chain('chain'), input: 100 }),
  },
  {
    path: 'ten steps, relaxed durability',
    why: 'Outcomes wait for each other.',
    expected: { calls: { create: 1, read: 1, append: 1, updateHead: 1 }, untilEnd: 3, untilQuiet: 4 },
    measure: () => measureScene({ flow: chain('chain', { durability: 'relaxed' }), input: 10 }),
  },
  {
    path: '100 parallel steps',
    why: 'They end together, and one call holds them all.',
    expected: { calls: { create: 1, read: 1, append: 1, updateHead: 1 }, untilEnd: 3, untilQuiet: 4 },
    measure: () => measureScene({ flow: fan, input: 100 }),
  },
  {
    path: 'a signal, with which a run ends',
    why: 'Stored, claimed with the run’s next look, and the run’s end.',
    expected: {
      calls: { readHead: 1, putMail: 1, readEnd: 1, read: 1, updateHead: 2, append: 1 },
      untilEnd: 6,
      untilQuiet: 7,
    },
    measure: () => measureScene({ flow: waiting, signal: 'go' }),
  },
  {
    path: 'a child of one step',
    why: 'A run of its own; its end is mail for the parent.',
    expected: {
      calls: { create: 2, read: 4, append: 3, putMail: 1, updateHead: 4, readEnd: 2 },
      untilEnd: 10,
      untilQuiet: 11,
    },
    measure: () => measureScene({ flow: parent, others: [small] }),
  },
];
