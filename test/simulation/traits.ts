/**
 * What distinguishes one schedule from another, apart from its workflow and its faults.
 */
import type { Limits } from '../../lib/kernel/limits.ts';

export const modes = ['calm', 'faults', 'stall', 'kill', 'shaky', 'poison', 'moment', 'reborn'] as const;
export type Mode = (typeof modes)[number];

export interface Traits {
  durability: 'each' | 'relaxed' | 'none';
  durableQueue: boolean;
  /** Who takes messages: a call each, batches as a function gets them, or the worker of a process. */
  receiver: 'drive' | 'batch' | 'worker';
  processes: number;
  /** People pause, resume and perhaps cancel. */
  commands: boolean;
  cancel: boolean;
  /** Who cancels after a pause does not care to resume. */
  resume: boolean;
  limits: Partial<Limits>;
  /** How long a turn has, in ms: a drive is cut off as in a function. */
  turnMs: number | undefined;
  /** For a while no process has the workflow. */
  deploys: boolean;
  /** Processes are replaced by such that write a newer format. */
  upgrades: boolean;
  /** How often the run goes on as another. */
  again: number;
  /** The workflow's timeout, in ms, where it may strike. */
  timeoutMs: number | undefined;
  /** Then people tell it nothing that it waits for, and it waits until its deadline. */
  silent: boolean;
  runs: number;
  /** Runs are started with a key, each by two callers at the same time. */
  twice: boolean;
  /** A run that has ended is deleted, and started anew under its key. */
  reborn: boolean;
  /** For a while nothing comes out of the queue, and then everything at once. In ms. */
  outage: { from: number; ms: number } | undefined;
  /** A message whose receiver has not answered comes again after this, in ms. */
  visibilityMs: number;
}

const second = 1_000;
const minute = 60 * second;

export function randomTraits(mode: Mode, chance: () => number): Traits {
  const below = (max: number) => Math.floor(chance() * max);
  const roll = chance();
  const isReborn = mode === 'reborn';
  const again = mode !== 'poison' && !isReborn && chance() < 0.12 ? 1 + below(2) : 0;
  const commands = chance() < (again > 0 ? 0.6 : 0.3);
  const cancel = commands && chance() < 0.3;
  const rough = mode === 'faults' || mode === 'stall' || mode === 'kill' || mode === 'moment' || isReborn;
  const crashes = mode === 'poison' ? { crashes: 3, takeovers: 30 } : { crashes: 1_000, takeovers: 1_000 };
  const chunkEvents = chance() < 0.25 ? { chunkEvents: 1 + below(3) } : {};
  const inlineBytes = chance() < (isReborn ? 0.5 : 0.2) ? { inlineBytes: 24 } : {};
  const cut = chance() < 0.3 && (mode === 'kill' || mode === 'shaky');
  const durableQueue = chance() < 0.6;
  const twice = chance() < 0.25 || isReborn;
  const deploys = rough && chance() < 0.12;
  const timeoutMs =
    mode !== 'poison' && chance() < (deploys ? 0.5 : 0.1) ? 20 * second + below(400 * second) : undefined;
  const silent = timeoutMs !== undefined && chance() < 0.3;
  return {
    durability: roll < 0.8 ? 'each' : roll < 0.9 ? 'relaxed' : 'none',
    durableQueue,
    receiver: chance() < 0.5 ? 'drive' : durableQueue ? 'batch' : 'worker',
    processes: 2 + below(2),
    commands,
    cancel,
    resume: !cancel || chance() < 0.5,
    limits: { ...crashes, ...chunkEvents, ...inlineBytes },
    turnMs: cut ? 75 * second + below(60 * second) : undefined,
    deploys,
    upgrades: rough && chance() < 0.15,
    again,
    timeoutMs: silent ? timeoutMs + below(10 * minute) : timeoutMs,
    silent,
    runs: 1 + below(2),
    twice,
    // What people tell a run that went on as another finds that one through it.
    reborn: isReborn || (twice && again === 0 && mode !== 'poison' && chance() < 0.5),
    outage: chance() < 0.2 ? { from: chance() < 0.5 ? 0 : below(minute), ms: 5 * second + below(minute) } : undefined,
    visibilityMs: mode === 'poison' ? 4 * second + below(minute) : minute,
  };
}
