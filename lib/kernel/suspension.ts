import type { Awaiting } from './events.ts';
import type { Journal } from './journal.ts';
import type { Limits } from './limits.ts';
import type { Program, TimerRequest } from './program.ts';

/** Pure looks at what a program waits for. Times in ms since the epoch; infinity where nothing is due. */

const never = Number.POSITIVE_INFINITY;
/** The most tasks that a suspend event names. */
export const maxAwaiting = 100;
const minute = 60_000;
const hour = 60 * minute;

/** The timer that fires next: the earliest due, and of equals the one asked for first. */
export function nextTimer(program: Program): TimerRequest | undefined {
  let next: TimerRequest | undefined;
  for (const timer of program.timers) if (!next || timer.due < next.due) next = timer;
  return next;
}

/** When the next effect that is not under way may start: a failed step's next attempt, or 0 for what may start at once. */
function nextStart(program: Program): number {
  let next = never;
  for (const request of program.pending) {
    next = Math.min(next, request.kind === 'step' ? request.retryAt : 0);
  }
  return next;
}

/** When the next attempt of a failed step is due that is not due yet, whatever else waits to be started. */
export function nextRetry(program: Program, now: number): number {
  let next = never;
  for (const request of program.pending) {
    if (request.kind === 'step' && request.retryAt > now) next = Math.min(next, request.retryAt);
  }
  return next;
}

/** When the program goes on by itself: a timer fires, or an effect may start. */
export function nextDue(program: Program): number {
  return Math.min(nextTimer(program)?.due ?? never, nextStart(program));
}

/** When a parent looks at its children by itself: at 5 min, and at growing distances up to an hour (K23). */
export function nextChildCheck(program: Program, now: number): number {
  let next = never;
  for (const request of program.open.values()) {
    if (request.kind !== 'child') continue;
    const age = Math.max(0, now - request.askedAt);
    next = Math.min(next, now + Math.max(5 * minute, Math.min(hour, age)));
  }
  return next;
}

/** What a suspended run shows of what it waits for. Bounded. */
export function awaitingOf(program: Program): Awaiting[] {
  const awaiting: Awaiting[] = [];
  for (const request of program.open.values()) {
    if (awaiting.length === maxAwaiting) break;
    const base = { key: request.key, kind: request.kind };
    if (request.kind === 'timer') awaiting.push({ ...base, due: request.due });
    else if (request.kind === 'step') awaiting.push(request.retryAt > 0 ? { ...base, due: request.retryAt } : base);
    else awaiting.push({ ...base, name: request.kind === 'child' ? request.id : request.name });
  }
  return awaiting;
}

/** Delay before a blocked run is tried again: a minute, doubling up to an hour. */
export function blockedDelay(timesBlocked: number): number {
  return Math.min(hour, minute * 2 ** Math.min(timesBlocked, 10));
}

/** Not after the end of the run's grace, when it can be settled without its program (K25). */
export function blockedUntil({ blocks, birth }: Journal, limits: Limits, now: number): number {
  return Math.min(now + blockedDelay(blocks), birth.deadline + limits.timeoutGraceMs);
}

/** Whether a wait until `at` is short enough to stay in the turn. */
export function isShort(at: number, now: number, limits: Limits): boolean {
  return at - now <= limits.inlineWaitMs;
}
