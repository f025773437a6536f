/**
 * What has to hold of a finished schedule, whatever happened in it. Numbers are those of the invariants.
 */
import type { Definition } from '../../lib/kernel/definition.ts';
import type { Chunk, JournalEvent } from '../../lib/kernel/events.ts';
import type { Head } from '../../lib/kernel/head.ts';
import { extendJournal, foldJournal, headStateOf, isOutside } from '../../lib/kernel/journal.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { fromJson, loadPayload } from '../../lib/kernel/payload.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import { createProgram, type Program, payloadOf } from '../../lib/kernel/program.ts';

/** A step that was started, and how many events were durable in its run's journal then. */
export interface Effect {
  process: string;
  run: string;
  /** Of runs that come one after the other under an id. */
  nonce: string;
  key: string;
  attempt: number;
  durable: number;
  /** Whether the driver had been told by then that another one had the run. */
  afterLoss: boolean;
  /** Whether its process's claim of the run had ended by then, by its own clock. */
  afterLease: boolean;
}

export interface FinishedRun {
  head: Head;
  born: Head;
  chunks: Chunk[];
}

const minute = 60_000;
/** The grace for compensation, and what sweepers may need after a crash in it. */
const overdueMs = 20 * minute;
/** How far clocks are apart at most. */
const skewMs = 5_000;

/** Positions, outcomes, head: what the records alone show. */
export function checkRecords({ head, born, chunks }: FinishedRun, blocks: readonly string[] = []): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`run ${head.birth.id}: ${what}`);
  chunks.forEach((chunk, index) => {
    if (chunk.position !== index + 1) say(`(1) position ${chunk.position} stands where ${index + 1} should`);
  });
  const outcomes = new Set<string>();
  const heard = new Set<string>();
  for (const event of chunks.flatMap(({ events }) => events)) {
    if ('id' in event) {
      // What one run was told, the next one under its id does not hear (K7). Those that go on from others do.
      if (event.at < head.birth.createdAt - skewMs && !head.birth.origin?.startsWith('run ')) {
        say(`(7) ${event.type} ${event.id} was accepted before the run was born`);
      }
      if (heard.has(event.id)) say(`(7) outside event ${event.type} ${event.id} is recorded twice`);
      heard.add(event.id);
    }
    if (event.type === 'run_blocked' && !blocks.includes(event.code)) say(`was blocked: ${event.message}`);
    if (isOutcome(event)) {
      if (outcomes.has(event.key)) say(`(2) '${event.key}' has two outcomes`);
      outcomes.add(event.key);
    }
  }
  const journal = foldJournal(head.birth, chunks);
  if (journal.current.phase !== 'settled') say(`(5) has not settled: it is ${journal.current.phase}`);
  const { current } = journal;
  if (current.phase === 'settled' && !journal.cancel && !journal.timedOut && current.end.unawaited)
    say(`left ${current.end.unawaited} running`);
  const latest = head.birth.deadline + overdueMs;
  if (current.phase === 'settled' && current.end.at > latest) say(`(5) settled ${current.end.at - latest} ms too late`);
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
  children: { id: string; durable: number }[],
): Promise<string[]> {
  const { birth } = head;
  const found: string[] = [];
  const recorded = chunks.flatMap(({ events }) => events);
  const states = statesOf({ head, born: head, chunks });
  const program = createProgram({
    definition,
    birth,
    clock: ports.clock,
    ids: ports.ids,
    limits: ports.limits,
    recorded,
    host: { emit: () => recorded.length, log: () => {}, wake: () => {} },
  });
  /** After how many events each attempt is asked for. */
  const asked = new Map<string, number>();
  const askedChildren = new Map<string, number>();
  const look = (position: number) => {
    for (const request of program.open.values()) {
      if (request.kind === 'child' && !askedChildren.has(request.id)) askedChildren.set(request.id, position);
      if (request.kind !== 'step') continue;
      const name = `${request.key}#${request.attempt}`;
      if (!asked.has(name)) asked.set(name, position);
    }
  };
  await program.start(birth.input === undefined ? undefined : fromJson(await loadPayload(ports, birth.input)));
  look(0);
  for (const [index, event] of recorded.entries()) {
    const payload = payloadOf(event);
    found.push(...checkTimers(birth.id, program, event, states[index] as State));
    await program.feed(event, index + 1, payload === undefined ? undefined : await loadPayload(ports, payload));
    look(index + 1);
  }
  for (const { id, durable } of children) {
    const after = askedChildren.get(id);
    if (after === undefined) found.push(`run ${birth.id}: (3) its child ${id} was created, no replay asks for it`);
    else if (after > durable) {
      found.push(
        `run ${birth.id}: (3) its child ${id} was created after ${durable} events, a replay asks for it after ${after}`,
      );
    }
  }
  for (const { process, key, attempt, durable, afterLoss, afterLease } of effects) {
    if (states[durable]?.paused && states[durable]?.writer === process) {
      found.push(`run ${birth.id}: (10) ${process} ran ${key}#${attempt} though it had paused the run`);
    }
    if (afterLease) found.push(`run ${birth.id}: (4) ${process} ran ${key}#${attempt} when its claim had ended`);
    if (afterLoss)
      found.push(`run ${birth.id}: (4) ${process} ran ${key}#${attempt} though it knew that it had lost the run`);
    if (definition.durability !== 'each') continue;
    const after = asked.get(`${key}#${attempt}`);
    if (after === undefined)
      found.push(`run ${birth.id}: (3) ${process} ran ${key}#${attempt}, which no replay asks for`);
    else if (after > durable) {
      found.push(
        `run ${birth.id}: (3) ${process} ran ${key}#${attempt} after ${durable} events, a replay asks for it after ${after}`,
      );
    }
  }
  return found;
}

/** What holds before an event is fed. */
interface State {
  paused: boolean;
  /** The process that wrote the event before. */
  writer: string | undefined;
  /** Whether a driver wrote the event. */
  driven: boolean;
}

/** One more than there are events: the last says how it is after them all. */
function statesOf({ head, chunks }: FinishedRun): State[] {
  const journal = foldJournal(head.birth, []);
  const states: State[] = [];
  let writer: string | undefined;
  let position = 0;
  for (const chunk of chunks) {
    for (const event of chunk.events) {
      states.push({ paused: journal.paused, writer, driven: chunk.driver !== undefined });
      position += 1;
      const { format, nonce, id, at } = chunk;
      extendJournal(journal, { format, nonce, id, at, position, events: [event] });
      writer = chunk.driver?.id.split('.')[0];
    }
  }
  return [...states, { paused: journal.paused, writer, driven: true }];
}

/** Timers fire when due, not while paused, and before what came after their time (K20, K24). */
function checkTimers(run: string, program: Program, event: JournalEvent, { paused, driven }: State): string[] {
  if (event.type === 'task_completed' && event.kind === 'timer') {
    const timer = program.open.get(event.key);
    const early = timer?.kind === 'timer' && event.at < timer.due;
    return [
      ...(early ? [`run ${run}: (11) timer ${event.key} fired before it was due`] : []),
      ...(paused ? [`run ${run}: (10) timer ${event.key} fired in a pause`] : []),
    ];
  }
  if (!isOutside(event) || paused || !driven) return [];
  return [...program.open.values()].flatMap((request) =>
    request.kind === 'timer' && request.due <= event.at
      ? [`run ${run}: (11) ${event.type} ${event.id} came before timer ${request.key}, which was due earlier`]
      : [],
  );
}

/**
 * What had completed is undone if the run fails or is cancelled: last first, each once, and nothing else (15). `undo`: ids
 * of the steps that can be undone, where they are known.
 */
export function checkUndone({ head, chunks }: FinishedRun, undo: ReadonlySet<string> | undefined): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`run ${head.birth.id}: (15) ${what}`);
  const completed: string[] = [];
  const undone: { name: string; number: number }[] = [];
  let end: JournalEvent | undefined;
  for (const event of chunks.flatMap(({ events }) => events)) {
    if (event.type === 'run_completed' || event.type === 'run_failed' || event.type === 'run_cancelled') end = event;
    if (event.type !== 'task_completed' || event.kind !== 'step') continue;
    const [, name, number] = /^compensate:(.*)#(\d+)$/.exec(event.key) ?? [];
    if (name !== undefined) undone.push({ name, number: Number(number) });
    else if (undo?.has(idOf(event.key)) && undone.length === 0) completed.push(event.key);
  }
  if (end?.type === 'run_completed' && undone.length > 0) say(`completed, and undid ${undone[0]?.name}`);
  if (end === undefined || end.type === 'run_completed') return found;
  undone.forEach(({ number }, index) => {
    const expected = (undone[0]?.number ?? 0) - index;
    if (number !== expected) say(`undid number ${number} where ${expected} should have been`);
  });
  // Whoever runs out of its grace is ended in the middle of it (K25).
  if (end.at >= head.birth.deadline + defaultLimits.timeoutGraceMs) return found;
  if (undone.length > 0 && undone.at(-1)?.number !== 1) say(`stopped undoing at number ${undone.at(-1)?.number}`);
  if (undo === undefined) return found;
  const expected = completed.reverse().join(', ');
  const actual = undone.map(({ name }) => name).join(', ');
  if (actual !== expected) say(`undid ${actual || 'nothing'}, where ${expected || 'nothing'} had been done`);
  return found;
}

const acceptedMs = 15 * minute;

/** What people were told is accepted stands in the journal, unless the run ended about then (7). */
export function checkAccepted(
  { head, chunks }: FinishedRun,
  accepted: { run: string; event: string; at: number }[],
): string[] {
  const { heard, current } = foldJournal(head.birth, chunks);
  if (current.phase !== 'settled') return [];
  // Of a run whose workflow was not there before its deadline the mail was for nobody.
  if (current.end.type === 'run_failed' && current.end.error.message.includes('while it could not go on')) return [];
  const endedAt = current.end.at;
  return accepted
    .filter(({ run, at }) => run === head.birth.id && at >= head.birth.createdAt && at + acceptedMs < endedAt)
    .filter(({ event }) => !heard.has(event))
    .map(({ event }) => `run ${head.birth.id}: (7) ${event} was accepted, and the journal does not hold it`);
}

/** In a calm schedule every effect runs exactly once. */
export function checkOnce(effects: Effect[]): string[] {
  const seen = new Set<string>();
  return effects.flatMap(({ run, nonce, key, attempt, process }) => {
    const name = `${run} ${key}#${attempt}`;
    if (seen.has(`${nonce} ${name}`)) return [`calm: ${name} ran again, by ${process}`];
    seen.add(`${nonce} ${name}`);
    return [];
  });
}

/** A step that runs at most once is never started again, whatever the durability. */
export function checkAtMostOnce(effects: Effect[], once: ReadonlySet<string>): string[] {
  const steps = effects.filter(({ key }) => once.has(idOf(key)));
  return checkOnce(steps).map((found) => `(12) at most once: ${found}`);
}

/** Of all steps only one kills its process, and it alone is to blame. */
export function checkBlame({ head, chunks }: FinishedRun, poison: string): string[] {
  return chunks
    .flatMap(({ events }) => events)
    .flatMap((event) =>
      event.type === 'task_failed' && event.error.code === 'crashed' && idOf(event.key) !== poison
        ? [`run ${head.birth.id}: (13) ${event.key} is blamed for what ${poison} did`]
        : [],
    );
}

/** How often a step may kill its process before it fails: unmarked, then marked beside others, then alone; and once more by chance. */
const killsBeside = 3;

/** A step that kills its process runs a bounded number of times (K12). */
export function checkKills(effects: Effect[], poison: string): string[] {
  const counts = new Map<string, number>();
  for (const { nonce, run, key, attempt } of effects) {
    const name = `${run} ${key}#${attempt} ${nonce}`;
    if (idOf(key) === poison) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const most = defaultLimits.crashes + killsBeside;
  return [...counts].flatMap(([name, count]) => (count > most ? [`run ${name}: (13) killed ${count} processes`] : []));
}

/** Nobody waits for a child longer than for its parent (K23). */
export function checkDeadlines({ birth }: Head, parent: Head | undefined): string[] {
  if (!parent || parent.birth.nonce !== birth.parent?.nonce || birth.deadline <= parent.birth.deadline) return [];
  return [`run ${birth.id}: (16) its deadline is ${birth.deadline - parent.birth.deadline} ms after its parent's`];
}

/** The plan's id in a task's key, without the number that a loop gives it. */
export function idOf(key: string): string {
  return (key.split('/').at(-1) ?? key).split(':')[0] as string;
}
