import { createAlarm } from './alarm.ts';
import { type AppendResult, createAppender, retrying } from './appender.ts';
import type { Definition } from './definition.ts';
import { newDriverId } from './driver-id.ts';
import { type Arrival, createEffects, lookAtChild } from './effects.ts';
import type { JournalEvent, Mail, Payload, RunEvent } from './events.ts';
import { Fault, isFault } from './faults.ts';
import { createHeadKeeper, type HeadAsRead } from './head-keeper.ts';
import { heardOf, isOutside, type SettledEvent } from './journal.ts';
import type { KnownRun } from './kept-runs.ts';
import { announce, cancelChildren } from './outbox.ts';
import { fromJson, loadPayload } from './payload.ts';
import type { Ports } from './ports.ts';
import {
  createProgram,
  type EffectRequest,
  type Program,
  type ProgramHost,
  payloadOf,
  type StepRequest,
} from './program.ts';
import { endOf, endOfOverdue } from './settle.ts';
import { TimeoutError } from './stored-error.ts';
import { createSuspects } from './suspects.ts';
import { awaitingOf, blockedUntil, isShort, nextChildCheck, nextDue, nextRetry, nextTimer } from './suspension.ts';
import { createTurnTime } from './turn-time.ts';

/**
 * One driver's stretch of work on one run.
 *
 * Owns: the order of things. Feed (K1), write (K2, K6), then start what the written events allow; suspend, settle or
 * block when nothing is left to do.
 * Does not own: whether this turn should be (admission.ts), the fold (journal.ts), the program (program.ts), effects.
 */

export type TurnEnd = 'settled' | 'suspended' | 'blocked' | 'yielded' | 'lost';

export interface Turn {
  /** Runs to the turn's end. Rejects if the store stays unavailable: then somebody else takes over. */
  run(): Promise<TurnEnd>;
  /** New mail may be there: look now, not at the next watch. */
  nudge(): void;
  /** Starts nothing more, waits for running steps up to `graceMs`, and hands the run back. */
  drain(graceMs: number): void;
}

export interface TurnStart {
  definition: Definition;
  /** Its program is gone on with; by default one is made anew and replayed. The turn leaves its own there if it suspends. */
  known: KnownRun;
  mail: Mail[];
  /** Ids of mail that the journal holds already: the store may let go of it. */
  heard: string[];
  head: HeadAsRead;
  /** Before the run was read, in ms since the epoch: all that the turn knows is at least so old. */
  readAt: number;
  /** The first turn of a fresh run on its first delivery: effects may start before anything is written (K8). */
  lazy: boolean;
  /** The first append says that a claim had expired, or that one cannot know (K11). */
  takeover: boolean;
  /** Look at all children first: the turn may have been woken for that. */
  checkChildren: boolean;
  /** By then the turn has to have ended: it hands the run back if there is still something to do. Default: never. */
  until?: number | undefined;
}

/** A turn's first append comes at once, unless its process stands still. */
const unclaimedMs = 1_000;

export function createTurn(ports: Ports, start: TurnStart): Turn {
  const { clock, limits, store } = ports;
  const { definition, known } = start;
  const { journal } = known;
  const { birth } = journal;
  const driver = newDriverId(ports);
  const appender = createAppender(ports, journal, driver);
  const keeper = createHeadKeeper(ports, journal, start.head);
  const { wake, sleepUntil, stop: disarm } = createAlarm(clock);
  const effects = createEffects(ports, birth, arrive, breakOff);
  const suspects = createSuspects(ports, journal, () => program, wake);
  const relaxed = definition.durability !== 'each';
  const time = createTurnTime(limits, clock.now(), start.until);

  let program: Program;
  let tail: JournalEvent[] = [];
  /** Ids of the outside events in it. */
  const told = new Set<string>();
  let inbox = start.mail;
  let { heard } = start;
  /** Outcomes fed and not yet durable, oldest first. */
  let unrecorded: Arrival[] = [];
  let arrivals: Arrival[] = [];
  let takeover = start.takeover;
  /** Whether effects may start without another append (K8). */
  let claimed = start.lazy;
  let leaseUntil = start.readAt + limits.leaseMs;
  /** Until then nobody can have ended the run and deleted it; without a claim, hardly anybody. */
  let sureUntil = claimed ? leaseUntil : start.readAt + unclaimedMs;
  let nextHeartbeat = clock.now() + limits.leaseMs / 2;
  let nextWatch = clock.now() + limits.watchMs;
  let tailSince = 0;
  let nudged = false;
  let drainUntil: number | undefined;
  let stuckSince: number | undefined;

  let broken: { error: unknown } | undefined;

  function arrive(arrival: Arrival): void {
    arrivals.push(arrival);
    wake();
  }

  function breakOff(error: unknown): void {
    broken = { error };
    wake();
  }

  // --- feeding -----------------------------------------------------------------------------------------------------

  const seq = () => journal.events.length + tail.length;
  const durableSeq = () => journal.events.length;

  function put(event: JournalEvent): number {
    if (tail.length === 0) tailSince = clock.now();
    tail.push(event);
    if (isOutside(event)) told.add(event.id);
    return seq();
  }

  function takeTail(): JournalEvent[] {
    const events = tail;
    tail = [];
    told.clear();
    return events;
  }

  function feed(event: JournalEvent, text?: string): Promise<void> | undefined {
    const position = put(event);
    if (position > limits.eventsPerRun) throw new EventLimit(limits.eventsPerRun);
    const payload = payloadOf(event);
    const known = text ?? (typeof payload === 'object' ? undefined : payload);
    if (payload === undefined || known !== undefined) return program.feed(event, position, known);
    return load(payload).then((loaded) => program.feed(event, position, loaded));
  }

  /** Blobs that do not answer for a moment are no reason to give the run up. */
  function load(payload: Payload): Promise<string> {
    return typeof payload === 'string'
      ? loadPayload(ports, payload)
      : retrying(ports, () => loadPayload(ports, payload));
  }

  const host: ProgramHost = {
    emit: put,
    log: (level, message, fields) => ports.observer?.logged?.({ run: birth.id, level, message, fields }),
    onFault: wake,
  };

  /** Goes on with the program as it is, or with a new one. */
  async function begin(): Promise<void> {
    const { suspended } = known;
    // What is fed from here on may never be durable.
    known.suspended = undefined;
    // Data may have been read anew meanwhile, and be another definition of the same name.
    if (suspended?.definition !== definition || suspended.program.fault) return replay();
    program = suspended.program;
    program.moveTo(host, journal.events);
    await feedRecorded(suspended.fed);
  }

  async function feedRecorded(from: number): Promise<void> {
    const recorded = journal.events.slice(from);
    for (const [index, event] of recorded.entries()) {
      const payload = payloadOf(event);
      await program.feed(event, from + index + 1, payload === undefined ? undefined : await load(payload));
    }
  }

  /** Makes the program anew and feeds it the journal. */
  async function replay(): Promise<void> {
    takeTail();
    program = createProgram({
      definition,
      birth,
      clock,
      ids: ports.ids,
      limits,
      recorded: journal.events,
      ...host,
    });
    await program.start(birth.input === undefined ? undefined : fromJson(await load(birth.input)));
    await feedRecorded(0);
  }

  /** Somebody else's event took the position: everything computed since is computed again, what came of effects is kept (K3). */
  async function rebuild(): Promise<void> {
    for (const { key } of [...effects.running.values()]) {
      if (!isFirm(key)) effects.drop(key, 'Another event came first; the step is run again');
    }
    inbox = await readMail();
    await replay();
    // Only now: steps have gone on meanwhile.
    const carried = [...unrecorded, ...arrivals].filter(({ key }) => isFirm(key));
    unrecorded = [];
    arrivals = carried;
    for (const { key, attempt } of [...carried, ...effects.running.values()]) takePending(key, attempt);
    for (const { key } of [...effects.running.values()]) if (!program.open.has(key)) stop(key);
  }

  /** It follows from durable events, so that every replay asks for it (K27). */
  function isFirm(key: string): boolean {
    return !relaxed || journal.started.has(key);
  }

  /** What has been done, or is under way, is not started anew. */
  function takePending(key: string, attempt: number): void {
    const request = program.open.get(key);
    if (request?.kind === 'child' || (request?.kind === 'step' && request.attempt === attempt)) {
      program.pending.delete(request);
    }
  }

  /** True: an event was fed that pauses the run or opens it, and the rest waits until it is written. */
  async function feedMail(): Promise<boolean> {
    while (inbox.length > 0) {
      const { event } = inbox.shift() as Mail;
      if (isHeard(event.id)) continue;
      await fireTimers(event.at);
      await feed(event);
      if (event.type === 'run_paused' || event.type === 'run_resumed') return true;
      if (event.type === 'run_cancel_requested' && journal.paused) return true;
    }
    return false;
  }

  function isHeard(id: string): boolean {
    return journal.heard.has(id) || told.has(id);
  }

  /** Feeds what came first. */
  function feedArrival(): Promise<void> | undefined {
    const arrival = arrivals.shift() as Arrival;
    // A child that was looked at is as much from outside as one that has told.
    if (isOutside(arrival.event)) return fireTimers(arrival.event.at).then(() => feedResult(arrival));
    return feedResult(arrival);
  }

  function feedResult(arrival: Arrival): Promise<void> | undefined {
    const { key, attempt, event, text } = arrival;
    const request = program.open.get(key);
    if (!request) {
      // Not wanted any more, but the event that decided so is perhaps not durable yet (K4).
      if (tail.length > 0) unrecorded.push(arrival);
      return undefined;
    }
    if (request.kind === 'step' && request.attempt !== attempt) return undefined;
    unrecorded.push(arrival);
    return feed(event, text);
  }

  function dueTimer(moment: number): ReturnType<typeof nextTimer> {
    if (journal.paused) return undefined;
    const timer = nextTimer(program);
    return timer && timer.due <= moment ? timer : undefined;
  }

  /** Fires what is due at `moment`, in the order of due times (K24). */
  async function fireTimers(moment: number): Promise<undefined> {
    for (let timer = dueTimer(moment); timer; timer = dueTimer(moment)) {
      await feed({ type: 'task_completed', at: Math.max(clock.now(), timer.due), key: timer.key, kind: 'timer' });
    }
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  function flush(): Promise<AppendResult> {
    const now = clock.now();
    return claimed ? append(now) : keeper.lower(now + limits.leaseMs).then(() => append(now));
  }

  async function append(now: number): Promise<AppendResult> {
    const events = takeTail();
    const claim = { leaseUntil: now + limits.leaseMs, takeover };
    const result = await appender.append(events, claim, heard.concat(mailIn(events)));
    heard = [];
    if (result === 'lost') return result;
    // Whoever had no lease for a moment may have found the place free because the run has ended since, and is deleted.
    if (clock.now() > sureUntil) await assertThere();
    const held = result === 'written' ? claim.leaseUntil : heldUntil();
    if (held !== undefined) {
      leaseUntil = held;
      sureUntil = held;
      takeover = false;
      claimed = true;
    }
    if (result === 'foreign') {
      await rebuild();
      return result;
    }
    unrecorded = [];
    if (program.stops.length > 0) await stopEffects();
    if (now >= nextHeartbeat && !hasEnded()) await raiseHead();
    return result;
  }

  async function assertThere(): Promise<void> {
    const head = await retrying(ports, () => store.readHead(birth.id));
    if (head?.birth.nonce !== birth.nonce) throw new Lost();
  }

  /** The end of the lease that an append of this turn holds, or the first part of one. */
  function heldUntil(): number | undefined {
    const { current } = journal;
    return current.phase === 'claimed' && current.driver === driver ? current.leaseUntil : undefined;
  }

  function hasEnded(): boolean {
    return journal.current.phase !== 'claimed';
  }

  async function raiseHead(): Promise<void> {
    nextHeartbeat = clock.now() + limits.leaseMs / 2;
    await keeper.raise();
  }

  /** Reads what others have written. Mail that the journal holds already is left out. */
  async function readMail(): Promise<Mail[]> {
    nudged = false;
    nextWatch = clock.now() + limits.watchMs;
    const record = await retrying(ports, () => store.read(birth.id, journal.position));
    if (!record || record.head.birth.nonce !== birth.nonce) throw new Lost();
    const [next] = record.chunks;
    if (next?.driver) throw new Lost();
    heard = heardOf(journal, record.mail);
    return record.mail.filter(({ id }) => !isHeard(id));
  }

  // --- effects -----------------------------------------------------------------------------------------------------

  /** Stops what the program no longer wants, now that the event which decided so is durable (K4). */
  async function stopEffects(): Promise<void> {
    const { stops } = program;
    const decided = stops.findIndex(({ after }) => after > durableSeq());
    const requests = stops.splice(0, decided < 0 ? stops.length : decided).map(({ request }) => request);
    for (const { key } of requests) stop(key);
    const children = requests.flatMap((request) =>
      request.kind === 'child' && !request.spec.detached ? [{ ...request.spec, key: request.key, id: request.id }] : [],
    );
    await cancelChildren(ports, birth, children);
  }

  function stop(key: string): void {
    suspects.leave(key);
    effects.drop(key, 'The workflow no longer waits for this step');
  }

  /** Starts what may start. True: something has to be written first. */
  function startEffects(): boolean {
    if (tail.length === 0) suspects.leaveIfEnded(effects.running);
    if (journal.paused || drainUntil !== undefined) return false;
    let needsWrite = false;
    for (const request of program.pending) {
      if (effects.running.size >= limits.concurrentSteps) break;
      // A step's function may have taken its time.
      const now = clock.now();
      if (request.kind === 'step' && request.retryAt > now) continue;
      if (effects.running.has(request.key)) program.pending.delete(request);
      else if (!isCovered(request) || !claimed || now > leaseUntil) needsWrite = true;
      else if (request.kind === 'child') launch(request);
      else needsWrite = startStep(request) || needsWrite;
    }
    return needsWrite;
  }

  /** The events that a request came from are durable, or the workflow has chosen not to wait for that (K2, K27). */
  function isCovered(request: EffectRequest): boolean {
    if (request.after <= durableSeq()) return true;
    // Whether a step is still a suspect, and so has to run alone, is known once its failure is durable (K12).
    return relaxed && request.kind === 'step' && !request.spec.atMostOnce && !journal.suspects.has(request.key);
  }

  function launch(request: EffectRequest, budgetMs?: number): void {
    program.pending.delete(request);
    effects.start(request, budgetMs);
  }

  /** Starts a step, or marks it as started where that has to be durable first. True: something has to be written. */
  function startStep(request: StepRequest): boolean {
    const { key, attempt } = request;
    const verdict = suspects.verdictOn(request);
    if (verdict) {
      program.pending.delete(request);
      arrive(verdict);
      return false;
    }
    const budgetMs = time.budgetOf(request.spec, clock.now());
    if (budgetMs === undefined) {
      drainUntil ??= time.until;
      return false;
    }
    const isMarked = journal.started.get(key)?.attempt === attempt;
    if (isMarked || !(suspects.isStrict() || request.spec.atMostOnce)) {
      launch(request, budgetMs);
      return false;
    }
    if (tail.some((event) => event.type === 'task_started' && event.key === key)) return true;
    const isSuspect = journal.suspects.has(key);
    const mayRun = !suspects.any() || (isSuspect && effects.running.size === 0 && suspects.enter(key));
    if (!mayRun) return false;
    const alone = isSuspect && { alone: true as const };
    put({ type: 'task_started', at: clock.now(), key, kind: 'step', attempt, ...alone });
    return true;
  }

  /** Makes steps visible that take long. True: something has to be written. */
  function markLongSteps(now: number): boolean {
    let marked = false;
    for (const { key, attempt, startedAt } of effects.running.values()) {
      if (startedAt + limits.visibleAfterMs > now) break;
      if (!isMarkable(key)) continue;
      put({ type: 'task_started', at: now, key, kind: 'step', attempt });
      marked = true;
    }
    return marked;
  }

  function nextVisible(): number {
    for (const { key, startedAt } of effects.running.values()) {
      if (isMarkable(key)) return startedAt + limits.visibleAfterMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** A step, still wanted and not marked as started. */
  function isMarkable(key: string): boolean {
    return program.open.get(key)?.kind === 'step' && !journal.started.has(key);
  }

  // --- the loop ----------------------------------------------------------------------------------------------------

  /** One move: the first thing that there is to do. The turn goes on unless it comes to an end. */
  function move(): Promise<TurnEnd | AppendResult | undefined> | Promise<void> | undefined {
    const now = clock.now();
    if (program.fault) return block(program.fault);
    if ((nudged || now >= nextWatch) && isAtWork()) return look();
    if (inbox.length > 0) return takeMail();
    if (arrivals.length > 0) return feedArrival();
    if (dueTimer(now)) return fireTimers(now);
    if (broken) throw broken.error;
    if (now >= birth.deadline && !isTimedOut()) return timeOut(now);
    if (now >= birth.deadline + limits.timeoutGraceMs) {
      return settle(endOf(ports, journal, program, { type: 'threw', error: graceOver() }, now));
    }
    if (now >= time.drainAt) drainUntil ??= time.until;
    if (program.outcome) return settle(endOf(ports, journal, program, program.outcome, now));
    const needsWrite = startEffects();
    if (arrivals.length > 0) return undefined;
    const marked = effects.running.size > 0 && markLongSteps(now);
    const idle = effects.running.size === 0 && !needsWrite && !isBusy(now);
    // What woke the run and its next suspend are one write. Children are cancelled under a claim, lest it be forgotten.
    if (idle && (program.stops.length === 0 || tail.length === 0)) return suspend();
    if (needsWrite || marked || mustFlush(now)) return flush();
    if (drainUntil !== undefined && (effects.running.size === 0 || now >= drainUntil)) return yieldRun();
    if (nudged) return look();
    return sleepUntil(nextMoment(now));
  }

  /** Steps run, or have just ended. Who only waits reads the mail when it suspends. */
  function isAtWork(): boolean {
    return effects.running.size > 0 || arrivals.length > 0;
  }

  /** Looks for what others have written. */
  async function look(): Promise<undefined> {
    inbox = await readMail();
  }

  /** What a command changes holds from its own append on: nothing is fed and nothing starts before that (K20). */
  async function takeMail(): Promise<AppendResult | undefined> {
    return (await feedMail()) ? flush() : undefined;
  }

  async function timeOut(now: number): Promise<AppendResult | undefined> {
    await feed({ type: 'run_timed_out', at: now });
    return journal.paused ? flush() : undefined;
  }

  function isTimedOut(): boolean {
    return journal.timedOut || tail.some((event) => event.type === 'run_timed_out');
  }

  function mustFlush(now: number): boolean {
    if (program.stops.length > 0 && tail.length > 0) return true;
    if (now >= nextHeartbeat && effects.running.size > 0) return true;
    if (tail.length === 0) return false;
    if (told.size > 0 || suspects.isIn()) return true;
    return definition.durability !== 'none' && now >= tailSince + lingerMs();
  }

  function lingerMs(): number {
    return relaxed ? limits.relaxedLingerMs : limits.lingerMs;
  }

  /** There is something to do soon, so that suspending is not worth it. */
  function isBusy(now: number): boolean {
    if (program.open.size === 0) return !isStuck(now);
    stuckSince = undefined;
    if (journal.paused) return false;
    return isShort(nextDue(program), now, limits);
  }

  function isStuck(now: number): boolean {
    stuckSince ??= now;
    return now - stuckSince >= limits.stuckAfterMs;
  }

  function nextMoment(now: number): number {
    const moments = [birth.deadline + (now >= birth.deadline ? limits.timeoutGraceMs : 0)];
    if (!journal.paused) moments.push(nextTimer(program)?.due ?? Number.POSITIVE_INFINITY);
    if (!journal.paused && drainUntil === undefined) moments.push(nextRetry(program, now));
    if (effects.running.size > 0) moments.push(nextVisible(), nextHeartbeat, nextWatch);
    if (tail.length > 0 && definition.durability !== 'none') moments.push(tailSince + lingerMs());
    moments.push(drainUntil ?? time.drainAt);
    if (stuckSince !== undefined && program.open.size === 0) moments.push(stuckSince + limits.stuckAfterMs);
    return Math.min(...moments);
  }

  // --- ends --------------------------------------------------------------------------------------------------------

  async function settle(event: SettledEvent | Promise<SettledEvent>): Promise<TurnEnd | undefined> {
    put(await event);
    const result = await flush();
    if (result !== 'written') return result === 'lost' ? 'lost' : undefined;
    effects.dropAll('The run has ended');
    await retrying(ports, () => announce(ports, journal));
    return 'settled';
  }

  async function suspend(): Promise<TurnEnd | undefined> {
    if (program.open.size === 0) {
      return block(
        new Fault(
          'non_deterministic',
          `Run ${birth.id} of ${birth.workflow}@${birth.version} is stuck: the workflow has not ended, and waits for none of its tasks. ` +
            "It probably awaits something that is not the context's: a promise that never settles, a fetch, a timer. Do such work in ctx.step().",
        ),
      );
    }
    const now = clock.now();
    const goesOnAt = journal.paused ? Number.POSITIVE_INFINITY : nextDue(program);
    const wakeAt = Math.min(
      goesOnAt,
      nextChildCheck(program, now),
      journal.timedOut ? birth.deadline + limits.timeoutGraceMs : birth.deadline,
    );
    const ended = await park({
      type: 'run_suspended',
      at: now,
      wakeAt,
      awaiting: awaitingOf(program),
      ...(journal.paused && { paused: true as const }),
    });
    if (ended !== 'parked') return ended === 'lost' ? 'lost' : undefined;
    inbox = await readMail();
    if (inbox.length > 0) {
      claimed = false;
      return undefined;
    }
    await raiseHead();
    ports.changes.publish(birth.id);
    if (goesOnAt - clock.now() <= limits.queueDelayMs) {
      await ports.queue.send(
        { kind: 'wake', run: birth.id, nonce: birth.nonce },
        { delayMs: Math.max(0, goesOnAt - clock.now()) },
      );
    }
    if (program.stops.length === 0) known.suspended = { program, definition, fed: durableSeq() };
    return 'suspended';
  }

  /** Hands the run back while there is still something to do. */
  async function yieldRun(): Promise<TurnEnd | undefined> {
    const running = [...effects.running.values()];
    effects.dropAll('The turn has no more time');
    // Whether such a step took effect cannot be known: the claim stays, and whoever takes over says so.
    if (running.some(({ atMostOnce }) => atMostOnce)) {
      if (tail.length > 0) await flush();
      return 'yielded';
    }
    const ended = await park({
      type: 'run_suspended',
      at: clock.now(),
      wakeAt: clock.now(),
      awaiting: awaitingOf(program),
    });
    if (ended !== 'parked') return ended === 'lost' ? 'lost' : undefined;
    await raiseHead();
    await ports.queue.send({ kind: 'wake', run: birth.id, nonce: birth.nonce });
    return 'yielded';
  }

  async function park(event: RunEvent): Promise<AppendResult | 'parked'> {
    put(event);
    const result = await flush();
    return result === 'written' ? 'parked' : result;
  }

  async function block(fault: Fault): Promise<TurnEnd> {
    effects.dropAll('The run cannot go on');
    const now = clock.now();
    const overdue = endOfOverdue(journal, limits, fault.message, now);
    if (overdue) return (await settle(overdue)) ?? 'lost';
    if (!claimed) await keeper.lower(now + limits.leaseMs);
    put({
      type: 'run_blocked',
      at: now,
      code: fault.code,
      message: fault.message,
      retryAt: blockedUntil(journal, limits, now),
    });
    const events = takeTail();
    const result = await appender.append(events, { leaseUntil: now, takeover }, mailIn(events));
    if (result === 'lost') return 'lost';
    if (result === 'foreign') return block(fault);
    await raiseHead();
    ports.changes.publish(birth.id);
    return 'blocked';
  }

  async function checkChildren(): Promise<void> {
    for (const request of [...program.open.values()]) {
      if (request.kind !== 'child') continue;
      const settled = await retrying(ports, () => lookAtChild(ports, birth, request.key, request.id));
      if (!settled) continue;
      program.pending.delete(request);
      arrivals.push(settled);
    }
  }

  async function loop(): Promise<TurnEnd> {
    try {
      await begin();
      if (start.checkChildren) await checkChildren();
      for (;;) {
        const moved = move();
        // What was done at once needs no waiting for.
        const end = moved && (await moved);
        if (end && end !== 'written' && end !== 'foreign') return end;
      }
    } catch (error) {
      if (error instanceof Lost) return 'lost';
      if (isFault(error, 'non_deterministic')) return block(error);
      if (isFault(error, 'corrupt')) return block(error);
      if (error instanceof EventLimit) {
        tail = tail.slice(0, -1);
        return (await settle(endOf(ports, journal, program, { type: 'threw', error }, clock.now()))) ?? 'lost';
      }
      throw error;
    } finally {
      effects.dropAll('The turn has ended');
      disarm();
      suspects.leaveAll();
    }
  }

  return {
    run: loop,
    nudge() {
      nudged = true;
      wake();
    },
    drain(graceMs) {
      drainUntil ??= clock.now() + graceMs;
      wake();
    },
  };
}

function mailIn(events: JournalEvent[]): string[] {
  const ids: string[] = [];
  for (const event of events) if (isOutside(event)) ids.push(event.id);
  return ids;
}

function graceOver(): TimeoutError {
  return new TimeoutError(
    'The run passed its deadline, and its compensation did not end within the limit timeoutGraceMs',
  );
}

/** Another driver has the run. */
class Lost extends Error {}

class EventLimit extends Error {
  override readonly name = 'LimitError';
  constructor(limit: number) {
    super(`The run's journal is longer than the limit eventsPerRun, ${limit}. Use ctx.continueAs() for long loops.`);
  }
}
