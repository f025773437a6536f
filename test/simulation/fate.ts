/**
 * Chance, by place: what happens at one place does not depend on what happened at others, so that a fault can be taken
 * out of a schedule and the rest stays as it was.
 *
 * Owns: draws, and which faults strike. Does not own: what a fault does.
 */
import { seededFraction } from '../kernel/harness.ts';

/** How often each fault strikes where it may: for each call, each message, each sweep, or each schedule. */
export const rates = {
  // --- of calls to store, queue and blobs
  slow: 0.3,
  refuse: 0.02,
  timeOut: 0.03,
  kill: 0.01,
  stall: 0.015,
  /** Noise takes the place of an append. */
  overtake: 0.05,
  /** So does a signal that the run has not heard yet. */
  preempt: 0.25,
  /** An index answers as it did a while ago. */
  stale: 0.25,
  // --- of messages
  lost: 0.08,
  doubled: 0.08,
  late: 0.1,
  /** A pause comes after what people did later. */
  latePause: 0.3,
  /** The news of a child's end. */
  lateNews: 0.3,
  /** The message, or another one of it, comes when its run has been deleted and started anew. */
  ghost: 0.2,
  // --- of ticks of the sweeper
  throttle: 0.04,
  /** A second sweep at the same time. */
  overlap: 0.2,
  /** The sweeper dies in the middle of it. */
  halfway: 0.03,
  redrive: 0.05,
  // --- of people
  /** Somebody resumes what he has just paused. */
  hasty: 0.4,
  /** Somebody tells a run the same once more. */
  repeat: 0.3,
  // --- of steps
  /** The process dies in the middle of it. */
  crash: 0.01,
  // --- of runs, and of the schedule
  command: 1,
  undeploy: 1,
  strike: 1,
  /** A call takes long at the moment that the schedule is about, and people act just then. */
  moment: 0.5,
  /** Such a call waits for one of another process that wants the same place, and goes first. */
  meet: 0.4,
  /** Who takes the run while such a call takes long dies right after it. */
  rival: 0.3,
  outage: 1,
  /** A process is shut down: its steps have a little time, and its runs are handed back. */
  drain: 1,
  skew: 1,
} as const;

export type FaultKind = keyof typeof rates;

export interface Fate {
  /** Numbers from 0 to 1 of this place's own. */
  at(place: string): () => number;
  /** A whole number from 0, below `max`. */
  below(place: string, max: number): number;
  /** Whether the fault happens here. */
  strikes(kind: FaultKind, place: string): boolean;
  /** The same where the place's own draw has decided already: only whether it is left in the schedule. */
  allows(kind: FaultKind, place: string): boolean;
  /** `<kind> <place>` of what has happened. */
  readonly struck: ReadonlySet<string>;
}

/** `only`: what may happen at all. */
export function createFate(seed: number, only?: readonly string[]): Fate {
  const allowed = only && new Set(only);
  const struck = new Set<string>();
  const at = (place: string) => seededFraction(digest(place, seed));

  function allows(kind: FaultKind, place: string): boolean {
    const fault = `${kind} ${place}`;
    if (allowed && !allowed.has(fault)) return false;
    struck.add(fault);
    return true;
  }

  return {
    at,
    below: (place, max) => Math.floor(at(place)() * max),
    allows,
    strikes: (kind, place) => at(`${kind} ${place}`)() < rates[kind] && allows(kind, place),
    struck,
  };
}

/** FNV-1a over the text, begun with the seed. */
function digest(text: string, seed: number): number {
  let hash = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x811c9dc5) >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
