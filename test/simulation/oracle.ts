/**
 * What has to hold of a finished schedule, whatever happened in it. Numbers are those of the invariants.
 */
import type { Definition } from '../../lib/kernel/definition.ts';
import type { Chunk, JournalEvent } from '../../lib/kernel/events.ts';
import type { Head } from '../../lib/kernel/head.ts';
import { foldJournal, headStateOf } from '../../lib/kernel/journal.ts';
import { fromJson, loadPayload } from '../../lib/kernel/payload.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import { createProgram, payloadOf } from '../../lib/kernel/program.ts';

/** A step that was started, and how many events were durable in its run's journal then. */
export interface Effect {
  process: string;
  run: string;
  key: string;
  attempt: number;
  durable: number;
  /** Whether the driver had been told by then that another one had the run. */
  afterLoss: boolean;
}

export interface FinishedRun {
  head: Head;
  born: Head;
  chunks: Chunk[];
}

/** Positions, outcomes, head: what the records alone show. */
export function checkRecords({ head, born, chunks }: FinishedRun): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`run ${head.birth.id}: ${what}`);
  chunks.forEach((chunk, index) => {
    if (chunk.position !== index + 1) say(`(1) position ${chunk.position} stands where ${index + 1} should`);
  });
  const outcomes = new Set<string>();
  const heard = new Set<string>();
  for (const event of chunks.flatMap(({ events }) => events)) {
    if ('id' in event) {
      if (heard.has(event.id)) say(`(7) outside event ${event.type} ${event.id} is recorded twice`);
      heard.add(event.id);
    }
    if (event.type === 'run_blocked') say(`was blocked: ${event.message}`);
    if (isOutcome(event)) {
      if (outcomes.has(event.key)) say(`(2) '${event.key}' has two outcomes`);
      outcomes.add(event.key);
    }
  }
  const journal = foldJournal(head.birth, chunks);
  if (journal.current.phase !== 'settled') say(`(5) has not settled: it is ${journal.current.phase}`);
  const expected = headStateOf(journal, 0);
  if (JSON.stringify(expected) !== JSON.stringify(head.state)) {
    say(`(6) its head says ${JSON.stringify(head.state)}, its journal ${JSON.stringify(expected)}`);
  }
  if (JSON.stringify(head.birth) !== JSON.stringify(born.birth)) say('(6) its birth changed');
  return found;
}

function isOutcome(event: JournalEvent): event is Extract<JournalEvent, { key: string }> {
  return event.type === 'task_completed' || event.type === 'task_failed' || event.type === 'child_settled';
}

/** The prefix oracle (3): a fresh replay asks for every effect that ever started, after the events that were durable then. */
export async function checkEffects(
  ports: Ports,
  definition: Definition,
  { head, chunks }: FinishedRun,
  effects: Effect[],
): Promise<string[]> {
  const { birth } = head;
  const found: string[] = [];
  const recorded = chunks.flatMap(({ events }) => events);
  const program = createProgram({
    definition,
    birth,
    clock: ports.clock,
    ids: ports.ids,
    limits: ports.limits,
    recorded,
    emit: () => recorded.length,
    log: () => {},
    onFault: () => {},
  });
  /** After how many events each attempt is asked for. */
  const asked = new Map<string, number>();
  const look = (position: number) => {
    for (const request of program.open.values()) {
      if (request.kind !== 'step') continue;
      const name = `${request.key}#${request.attempt}`;
      if (!asked.has(name)) asked.set(name, position);
    }
  };
  await program.start(birth.input === undefined ? undefined : fromJson(await loadPayload(ports, birth.input)));
  look(0);
  for (const [index, event] of recorded.entries()) {
    const payload = payloadOf(event);
    await program.feed(event, index + 1, payload === undefined ? undefined : await loadPayload(ports, payload));
    look(index + 1);
  }
  for (const { process, key, attempt, durable, afterLoss } of effects) {
    const after = asked.get(`${key}#${attempt}`);
    if (after === undefined)
      found.push(`run ${birth.id}: (3) ${process} ran ${key}#${attempt}, which no replay asks for`);
    else if (after > durable) {
      found.push(
        `run ${birth.id}: (3) ${process} ran ${key}#${attempt} after ${durable} events, a replay asks for it after ${after}`,
      );
    }
    if (afterLoss)
      found.push(`run ${birth.id}: (4) ${process} ran ${key}#${attempt} though it knew that it had lost the run`);
  }
  return found;
}

/** In a calm schedule every effect runs exactly once. */
export function checkOnce(effects: Effect[]): string[] {
  const seen = new Set<string>();
  return effects.flatMap(({ run, key, attempt, process }) => {
    const name = `${run} ${key}#${attempt}`;
    if (seen.has(name)) return [`calm: ${name} ran again, by ${process}`];
    seen.add(name);
    return [];
  });
}
