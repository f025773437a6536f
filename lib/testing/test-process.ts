import { createMemoryQueue } from '../adapters/memory/queue.ts';
import { createAloneGate } from '../kernel/alone.ts';
import { createKeptRuns } from '../kernel/kept-runs.ts';
import type { Ports } from '../kernel/ports.ts';
import { createSharedLooks } from '../kernel/shared-looks.ts';
import type { Clock } from '../ports/clock.ts';
import { recover } from '../service/sweep.ts';
import { createWorker, type Worker } from '../service/worker.ts';

/**
 * A worker process that can die: from then on nothing that it does has an effect, and its queue is gone with it, as on
 * one machine. What it had stored stands.
 */
export interface TestProcess {
  readonly name: string;
  readonly ports: Ports;
  readonly worker: Worker;
  /** Goes on with what a process that died has left. */
  recover(): Promise<void>;
  die(): void;
  close(): Promise<void>;
}

/** What the processes of one test share. */
export type SharedPorts = Omit<Ports, 'queue' | 'alone' | 'kept' | 'looks' | 'liveness'>;

export interface ProcessOptions {
  name: string;
  isGone(process: string): boolean;
  concurrency: number;
  /** Called at whatever the process does. */
  onActivity(): void;
}

const forever = Number.POSITIVE_INFINITY;

export function startProcess(shared: SharedPorts, options: ProcessOptions): TestProcess {
  const { name, isGone, onActivity } = options;
  const alarms = new Set<() => void>();
  let alive = true;

  const clock = mortalClock(shared.clock, { alarms, isAlive: () => alive, onActivity });
  const queue = createMemoryQueue({ clock, visibilityMs: forever });
  const mortal = <Port extends object>(port: Port) => mortalPort(port, { isAlive: () => alive, onActivity });
  const ports: Ports = {
    ...shared,
    clock,
    store: mortal(shared.store),
    blobs: mortal(shared.blobs),
    // An idle worker has no reason to look at the clock.
    queue: mortal({ ...queue, receive: ({ max }: { max: number }) => queue.receive({ max, waitMs: forever }) }),
    alone: createAloneGate(),
    kept: createKeptRuns(shared.limits),
    looks: createSharedLooks(),
    liveness: { self: name, isGone: async (driver) => isGone(driver.split('.')[0] as string) },
  };
  const worker = createWorker(ports, { concurrency: options.concurrency });
  worker.start();

  return {
    name,
    ports,
    worker,
    async recover() {
      await recover(ports, forever);
    },
    die() {
      alive = false;
      for (const cancel of alarms) cancel();
      alarms.clear();
    },
    async close() {
      await worker.drain(0);
      await queue.close();
    },
  };
}

interface Life {
  isAlive(): boolean;
  onActivity(): void;
}

const never = new Promise<never>(() => {});

/** The port, until its process dies: then no call is made and no answer comes any more. */
function mortalPort<Port extends object>(port: Port, { isAlive, onActivity }: Life): Port {
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        if (!isAlive()) return never;
        onActivity();
        const answer: unknown = Reflect.apply(member, target, given);
        return answer instanceof Promise ? unlessDead(answer) : answer;
      };
    },
  });

  async function unlessDead(answer: Promise<unknown>): Promise<unknown> {
    try {
      const value = await answer;
      return isAlive() ? value : never;
    } catch (error) {
      if (isAlive()) throw error;
      return never;
    }
  }
}

function mortalClock(clock: Clock, { alarms, isAlive, onActivity }: Life & { alarms: Set<() => void> }): Clock {
  return {
    now: () => clock.now(),
    schedule(at, callback) {
      onActivity();
      const cancel = clock.schedule(at, () => {
        alarms.delete(takeBack);
        onActivity();
        callback();
      });
      const takeBack = () => {
        alarms.delete(takeBack);
        cancel();
      };
      if (isAlive()) alarms.add(takeBack);
      else cancel();
      return takeBack;
    },
    async macrotask() {
      if (!isAlive()) return never;
      onActivity();
      await clock.macrotask();
      return isAlive() ? undefined : never;
    },
  };
}
