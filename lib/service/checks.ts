import { Fault } from '../kernel/faults.ts';
import { type Head, isSettled } from '../kernel/head.ts';
import type { Journal } from '../kernel/journal.ts';
import type { Ports } from '../kernel/ports.ts';
import type { RunRecord } from '../ports/store.ts';

/** Throws `Fault` invalid_input unless the text has 1 to `max` characters. */
export function assertText(text: string, what: string, max: number): void {
  if (typeof text !== 'string' || text.length === 0 || text.length > max) {
    throw new Fault('invalid_input', `${what} has ${text?.length ?? 'no'} characters; it has 1 to ${max}`);
  }
}

/** Throws `Fault` invalid_input unless it is a whole number from 1 to `max`. */
export function assertLimit(limit: number, max: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return;
  throw new Fault('invalid_input', `The limit is ${limit}; it is a whole number from 1 to ${max}`);
}

export function runNotFound(id: string): Fault {
  return new Fault('not_found', `There is no run ${id}`);
}

/** The head of a run that is there. Throws `Fault` not_found. */
export async function requireHead(ports: Ports, id: string): Promise<Head> {
  const head = await ports.store.readHead(id);
  if (!head) throw runNotFound(id);
  return head;
}

/** A run that is there, its journal from `after` on. Throws `Fault` not_found. */
export async function requireRun(ports: Ports, id: string, after?: number): Promise<RunRecord> {
  const record = await ports.store.read(id, after);
  if (!record) throw runNotFound(id);
  return record;
}

/** The head of a run that can still be told something. Throws `Fault` not_found or settled. */
export async function requireOpen(ports: Ports, id: string): Promise<Head> {
  const head = await requireHead(ports, id);
  assertOpen(head);
  return head;
}

/** Throws `Fault` settled. */
export function assertOpen({ birth, state }: Head): void {
  if (isSettled(state.status)) throw new Fault('settled', `Run ${birth.id} has ended: it is ${state.status}`);
}

/** Whether the run has ended. One that goes on as another has once that one is there: its head is closed behind it (K22). */
export function hasEnded({ current }: Journal, { state }: Head): boolean {
  if (isSettled(state.status)) return true;
  return current.phase === 'settled' && !(current.end.type === 'run_completed' && current.end.continuedAs);
}
