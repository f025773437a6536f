import type { Clock } from '../ports/clock.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { type Appender, type AppendResult, createAppender } from './appender.ts';
import type { Definition } from './definition.ts';
import { newDriverId } from './driver-id.ts';
import { type Arrival, createEffects, type Effects, type EffectsOwner, lookAtChildren } from './effects.ts';
import type { Birth, JournalEvent, Payload, RunEvent } from './events.ts';
import { type Fault, isFault } from './faults.ts';
import { createHeadKeeper, type HeadKeeper } from './head-keeper.ts';
import { isOutside, type Journal, outsideIds, type SettledEvent } from './journal.ts';
import type { KnownRun } from './kept-runs.ts';
import type { Limits } from './limits.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import type { LogLevel } from './operations.ts';
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
import { retrying } from './retrying.ts';
import { endOf, endOfOverdue } from './settle.ts';
import { createSuspects, type Suspects } from './suspects.ts';
import { awaitingOf, blockedUntil, isShort, nextChildCheck, nextDue, nextRetry, nextTimer } from './suspension.ts';
import type { Turn, TurnEnd, TurnStart } from './turn.ts';
import { EventLimit, graceOver, Lost, stuck } from './turn-faults.ts';
import { createTurnTime, type TurnTime } from './turn-time.ts';

/**
 * One driver's stretch of work on one run.
 *
 * Owns: the order of things. Feed (K1), write (K2, K6), then start what the written events allow; suspend, settle or
 * block when nothing is left to do.
 * Does not own: whether this turn should be (admission.ts), the fold (journal.ts), the program (program.ts), effects.
 */

/** A turn's first append comes at once, unless its process stands still. */
const unclaimedMs = 1_000;

class RunTurn implements Turn, ProgramHost, EffectsOwner {
  program!: Program;
  readonly #ports: Ports;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #definition: Definition;
  readonly #known: KnownRun;
  readonly #journal: Journal;
  readonly #birth: Birth;
  readonly #driver: string;
  readonly #appender: Appender;
  readonly #keeper: HeadKeeper;
  readonly #alarm: Alarm;
  readonly #effects: Effects;
  readonly #suspects: Suspects;
  readonly #time: TurnTime;
  readonly #relaxed: boolean;
  readonly #checksChildren: boolean;

  #tail: JournalEvent[] = [];
  #tailSince = 0;
  readonly #mailbox: Mailbox;
  /** The reading of a run that has just been created, while it is under way. */
  #reading: Promise<void> | undefined;
  /** Outcomes fed and not yet durable, oldest first. */
  #unrecorded: Arrival[] = [];
  #arrivals: Arrival[] = [];
  #takeover: boolean;
  /** Whether effects may start without another append (K8). */
  #claimed: boolean;
  #leaseUntil: number;
  /** Until then nobody can have ended the run and deleted it; without a claim, hardly anybody. */
  #sureUntil: number;
  #nextHeartbeat: number;
  #nextWatch: number;
  #nudged = false;
  #drainUntil: number | undefined;
  #stuckSince: number | undefined;
  #broken: { error: unknown } | undefined;

  constructor(ports: Ports, start: TurnStart) {
    const { clock, limits } = ports;
    const { definition, known } = start;
    const { journal } = known;
    const now = clock.now();
    this.#ports = ports;
    this.#clock = clock;
    this.#limits = limits;
    this.#definition = definition;
    this.#known = known;
    this.#journal = journal;
    this.#birth = journal.birth;
    this.#driver = newDriverId(ports);
    this.#appender = createAppender(ports, journal, this.#driver);
    this.#keeper = createHeadKeeper(ports, journal, start.head);
    this.#alarm = createAlarm(clock);
    this.#effects = createEffects(ports, journal.birth, this);
    this.#suspects = createSuspects(ports, journal, this);
    this.#time = createTurnTime(limits, now, start.until);
    this.#relaxed = definition.durability !== 'each';
    this.#checksChildren = start.checkChildren;
    this.#mailbox = createMailbox(ports, journal, this.#driver, start.mail);
    this.#takeover = start.takeover;
    this.#claimed = start.lazy;
    this.#leaseUntil = start.readAt + limits.leaseMs;
    this.#sureUntil = start.lazy ? this.#leaseUntil : start.readAt + unclaimedMs;
    this.#nextHeartbeat = now + limits.leaseMs / 2;
    this.#nextWatch = now + limits.watchMs;
    if (start.readsAside) this.#reading = this.#readAside();
  }

  nudge(): void {
    this.#nudged = true;
    this.wake();
  }

  drain(graceMs: number): void {
    this.#drainUntil ??= this.#clock.now() + graceMs;
    this.wake();
  }

  wake(): void {
    this.#alarm.wake();
  }

  log(level: LogLevel, message: string, fields: Record<string, unknown> | undefined): void {
    this.#ports.observer?.logged?.({ run: this.#birth.id, level, message, fields });
  }

  /** What came of an effect. */
  arrived(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.wake();
  }

  broke(error: unknown): void {
    this.#broken = { error };
    this.wake();
  }

  // --- feeding -----------------------------------------------------------------------------------------------------

  #durableSeq(): number {
    return this.#journal.events.length;
  }

  /** Takes an event into the tail; answers with its sequence number. */
  emit(event: JournalEvent): number {
    if (this.#tail.length === 0) {
      this.#tailSince = this.#clock.now();
      // Mostly the only one: a list made for a push has room for seventeen, and the store in memory keeps it.
      this.#tail = [event];
    } else this.#tail.push(event);
    if (isOutside(event)) this.#mailbox.tell(event.id);
    return this.#durableSeq() + this.#tail.length;
  }

  #takeTail(): JournalEvent[] {
    const events = this.#tail;
    this.#tail = [];
    this.#mailbox.tailTaken();
    return events;
  }

  #feed(event: JournalEvent, text?: string): Promise<void> | undefined {
    const position = this.emit(event);
    if (position > this.#limits.eventsPerRun) throw new EventLimit(this.#limits.eventsPerRun);
    const payload = payloadOf(event);
    const known = text ?? (typeof payload === 'object' ? undefined : payload);
    if (payload === undefined || known !== undefined) return this.program.feed(event, position, known);
    return this.#load(payload).then((loaded) => this.program.feed(event, position, loaded));
  }

  /** Blobs that do not answer for a moment are no reason to give the run up. */
  #load(payload: Payload): Promise<string> {
    return typeof payload === 'string'
      ? loadPayload(this.#ports, payload)
      : retrying(this.#ports, () => loadPayload(this.#ports, payload));
  }

  /** Goes on with the program as it is, or with a new one. */
  async #begin(): Promise<void> {
    const { suspended } = this.#known;
    // What is fed from here on may never be durable.
    this.#known.suspended = undefined;
    // Data may have been read anew meanwhile, and be another definition of the same name.
    if (suspended?.definition !== this.#definition || suspended.program.fault) return this.#replay();
    this.program = suspended.program;
    this.program.moveTo(this, this.#journal.events);
    await this.#feedRecorded(suspended.fed);
  }

  async #feedRecorded(from: number): Promise<void> {
    const recorded = this.#journal.events.slice(from);
    for (const [index, event] of recorded.entries()) {
      const payload = payloadOf(event);
      await this.program.feed(event, from + index + 1, payload === undefined ? undefined : await this.#load(payload));
    }
  }

  /** Makes the program anew and feeds it the journal. */
  async #replay(): Promise<void> {
    this.#takeTail();
    this.program = createProgram({
      definition: this.#definition,
      birth: this.#birth,
      clock: this.#clock,
      ids: this.#ports.ids,
      limits: this.#limits,
      recorded: this.#journal.events,
      host: this,
    });
    await this.program.start(
      this.#birth.input === undefined ? undefined : fromJson(await this.#load(this.#birth.input)),
    );
    await this.#feedRecorded(0);
  }

  /** Somebody else's event took the position: everything computed since is computed again, what came of effects is kept (K3). */
  async #rebuild(): Promise<void> {
    for (const { key } of [...this.#effects.running.values()]) {
      if (!this.#isFirm(key)) this.#effects.drop(key, 'Another event came first; the step is run again');
    }
    await this.#look();
    await this.#replay();
    // Only now: steps have gone on meanwhile.
    const carried = [...this.#unrecorded, ...this.#arrivals].filter(({ key }) => this.#isFirm(key));
    this.#unrecorded = [];
    this.#arrivals = carried;
    for (const { key, attempt } of [...carried, ...this.#effects.running.values()]) this.#takePending(key, attempt);
    for (const { key } of [...this.#effects.running.values()]) if (!this.program.open.has(key)) this.#stop(key);
  }

  /** It follows from durable events, so that every replay asks for it (K27). */
  #isFirm(key: string): boolean {
    return !this.#relaxed || this.#journal.started.has(key);
  }

  /** What has been done, or is under way, is not started anew. */
  #takePending(key: string, attempt: number): void {
    const request = this.program.open.get(key);
    if (request?.kind === 'child' || (request?.kind === 'step' && request.attempt === attempt)) {
      this.program.pending.delete(request);
    }
  }

  /** True: an event was fed that pauses the run or opens it, and the rest waits until it is written. */
  async #feedMail(): Promise<boolean> {
    for (let event = this.#mailbox.next(); event; event = this.#mailbox.next()) {
      await this.#fireTimers(event.at);
      await this.#feed(event);
      if (event.type === 'run_paused' || event.type === 'run_resumed') return true;
      if (event.type === 'run_cancel_requested' && this.#journal.paused) return true;
    }
    return false;
  }

  /** Feeds what came first. */
  #feedArrival(): Promise<void> | undefined {
    const arrival = this.#arrivals.shift() as Arrival;
    // A child that was looked at is as much from outside as one that has told.
    if (isOutside(arrival.event)) return this.#fireTimers(arrival.event.at).then(() => this.#feedResult(arrival));
    return this.#feedResult(arrival);
  }

  #feedResult(arrival: Arrival): Promise<void> | undefined {
    const { key, attempt, event, text } = arrival;
    const request = this.program.open.get(key);
    if (!request) {
      // Not wanted any more, but the event that decided so is perhaps not durable yet (K4).
      if (this.#tail.length > 0) this.#unrecorded.push(arrival);
      return undefined;
    }
    if (request.kind === 'step' && request.attempt !== attempt) return undefined;
    this.#unrecorded.push(arrival);
    return this.#feed(event, text);
  }

  #dueTimer(moment: number): ReturnType<typeof nextTimer> {
    if (this.#journal.paused) return undefined;
    const timer = nextTimer(this.program);
    return timer && timer.due <= moment ? timer : undefined;
  }

  /** Fires what is due at `moment`, in the order of due times (K24). */
  async #fireTimers(moment: number): Promise<undefined> {
    for (let timer = this.#dueTimer(moment); timer; timer = this.#dueTimer(moment)) {
      const at = Math.max(this.#clock.now(), timer.due);
      await this.#feed({ type: 'task_completed', at, key: timer.key, kind: 'timer' });
    }
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  #flush(): Promise<AppendResult> {
    const now = this.#clock.now();
    return this.#claimed
      ? this.#append(now)
      : this.#keeper.lower(now + this.#limits.leaseMs).then(() => this.#append(now));
  }

  async #append(now: number): Promise<AppendResult> {
    const events = this.#takeTail();
    const claim = { leaseUntil: now + this.#limits.leaseMs, takeover: this.#takeover };
    const absorbed = this.#mailbox.letGo().concat(outsideIds(events));
    const result = await this.#appender.append(events, claim, absorbed);
    if (result === 'lost') return result;
    // Whoever had no lease for a moment may have found the place free because the run has ended since, and is deleted.
    if (this.#clock.now() > this.#sureUntil) await this.#assertThere();
    const held = result === 'written' ? claim.leaseUntil : this.#heldUntil();
    if (held !== undefined) {
      this.#leaseUntil = held;
      this.#sureUntil = held;
      this.#takeover = false;
      this.#claimed = true;
    }
    if (result === 'foreign') {
      await this.#rebuild();
      return result;
    }
    this.#unrecorded = [];
    if (this.program.stops.length > 0) await this.#stopEffects();
    const isAtWork = this.#journal.current.phase === 'claimed';
    if (now >= this.#nextHeartbeat && isAtWork) await this.#raiseHead();
    return result;
  }

  async #assertThere(): Promise<void> {
    const head = await retrying(this.#ports, () => this.#ports.store.readHead(this.#birth.id));
    if (head?.birth.nonce !== this.#birth.nonce) throw new Lost();
  }

  /** The end of the lease that an append of this turn holds, or the first part of one. */
  #heldUntil(): number | undefined {
    const { current } = this.#journal;
    return current.phase === 'claimed' && current.driver === this.#driver ? current.leaseUntil : undefined;
  }

  async #raiseHead(): Promise<void> {
    this.#nextHeartbeat = this.#clock.now() + this.#limits.leaseMs / 2;
    await this.#keeper.raise();
  }

  /** Looks for what others have written. */
  async #look(): Promise<void> {
    await this.#reading;
    this.#nudged = false;
    this.#nextWatch = this.#clock.now() + this.#limits.watchMs;
    await this.#mailbox.read();
  }

  /** While first steps run: what is found is heard, and a loss known, before anything else is done. */
  async #readAside(): Promise<void> {
    await this.#mailbox.read().catch((error: unknown) => this.broke(error));
    this.#reading = undefined;
    this.wake();
  }

  /** There is nothing to do but first steps, and nothing is written yet. */
  #isAtFirstSteps(now: number): boolean {
    if (this.#journal.position > 0 || this.#drainUntil !== undefined || now >= this.#birth.deadline) return false;
    if (this.program.fault || this.program.outcome) return false;
    return this.program.pending.size > 0 || this.#isAtWork();
  }

  // --- effects -----------------------------------------------------------------------------------------------------

  /** Stops what the program no longer wants, now that the event which decided so is durable (K4). */
  async #stopEffects(): Promise<void> {
    const { stops } = this.program;
    const decided = stops.findIndex(({ after }) => after > this.#durableSeq());
    const requests = stops.splice(0, decided < 0 ? stops.length : decided).map(({ request }) => request);
    for (const { key } of requests) this.#stop(key);
    const children = requests.flatMap((request) =>
      request.kind === 'child' && !request.spec.detached ? [{ ...request.spec, key: request.key, id: request.id }] : [],
    );
    await cancelChildren(this.#ports, this.#birth, children);
  }

  #stop(key: string): void {
    this.#suspects.leave(key);
    this.#effects.drop(key, 'The workflow no longer waits for this step');
  }

  /** Starts what may start. True: something has to be written first. */
  #startEffects(moment: number): boolean {
    if (this.#tail.length === 0) this.#suspects.leaveIfEnded(this.#effects.running);
    if (this.#journal.paused || this.#drainUntil !== undefined) return false;
    let needsWrite = false;
    let now = moment;
    for (const request of this.program.pending) {
      if (this.#effects.running.size >= this.#limits.concurrentSteps) break;
      if (request.kind === 'step' && request.retryAt > now) continue;
      if (this.#effects.running.has(request.key)) this.program.pending.delete(request);
      else if (!this.#isCovered(request) || !this.#claimed || now > this.#leaseUntil) needsWrite = true;
      else if (request.kind === 'child') this.#launch(request);
      else {
        needsWrite = this.#startStep(request, now) || needsWrite;
        // The step's function may have taken its time.
        now = this.#clock.now();
      }
    }
    return needsWrite;
  }

  /** The events that a request came from are durable, or the workflow has chosen not to wait for that (K2, K27). */
  #isCovered(request: EffectRequest): boolean {
    if (request.after <= this.#durableSeq()) return true;
    // Whether a step is still a suspect, and so has to run alone, is known once its failure is durable (K12).
    return (
      this.#relaxed && request.kind === 'step' && !request.spec.atMostOnce && !this.#journal.suspects.has(request.key)
    );
  }

  #launch(request: EffectRequest, budgetMs?: number): void {
    this.program.pending.delete(request);
    this.#effects.start(request, budgetMs);
  }

  /** Starts a step, or marks it as started where that has to be durable first. True: something has to be written. */
  #startStep(request: StepRequest, now: number): boolean {
    const { key, attempt } = request;
    const verdict = this.#suspects.verdictOn(request);
    if (verdict) {
      this.program.pending.delete(request);
      this.arrived(verdict);
      return false;
    }
    const budgetMs = this.#time.budgetOf(request.spec, now);
    if (budgetMs === undefined) {
      this.#drainUntil ??= this.#time.until;
      return false;
    }
    const isMarked = this.#journal.started.get(key)?.attempt === attempt;
    if (isMarked || !(this.#suspects.isStrict() || request.spec.atMostOnce)) {
      this.#launch(request, budgetMs);
      return false;
    }
    if (this.#tail.some((event) => event.type === 'task_started' && event.key === key)) return true;
    const isSuspect = this.#journal.suspects.has(key);
    const mayRun =
      !this.#suspects.any() || (isSuspect && this.#effects.running.size === 0 && this.#suspects.enter(key));
    if (!mayRun) return false;
    const alone = isSuspect && { alone: true as const };
    this.emit({ type: 'task_started', at: now, key, kind: 'step', attempt, ...alone });
    return true;
  }

  /** Makes steps visible that take long. True: something has to be written. */
  #markLongSteps(now: number): boolean {
    let marked = false;
    for (const { key, attempt, startedAt } of this.#effects.running.values()) {
      if (startedAt + this.#limits.visibleAfterMs > now) break;
      if (!this.#isMarkable(key)) continue;
      this.emit({ type: 'task_started', at: now, key, kind: 'step', attempt });
      marked = true;
    }
    return marked;
  }

  #nextVisible(): number {
    for (const { key, startedAt } of this.#effects.running.values()) {
      if (this.#isMarkable(key)) return startedAt + this.#limits.visibleAfterMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** A step, still wanted and not marked as started. */
  #isMarkable(key: string): boolean {
    return this.program.open.get(key)?.kind === 'step' && !this.#journal.started.has(key);
  }

  // --- the loop ----------------------------------------------------------------------------------------------------

  /** One move: the first thing that there is to do. The turn goes on unless it comes to an end. */
  #move(): Promise<TurnEnd | AppendResult | undefined> | Promise<void> | undefined {
    const now = this.#clock.now();
    if (this.#reading && !this.#isAtFirstSteps(now)) return this.#reading;
    if (this.program.fault) return this.#block(this.program.fault);
    if ((this.#nudged || now >= this.#nextWatch) && this.#isAtWork()) return this.#look();
    if (!this.#mailbox.isEmpty) return this.#takeMail();
    if (this.#arrivals.length > 0) return this.#feedArrival();
    if (this.#dueTimer(now)) return this.#fireTimers(now);
    if (this.#broken) throw this.#broken.error;
    if (now >= this.#birth.deadline && !this.#isTimedOut()) return this.#timeOut(now);
    if (now >= this.#birth.deadline + this.#limits.timeoutGraceMs) {
      return this.#settle(endOf(this.#ports, this.#journal, this.program, { type: 'threw', error: graceOver() }, now));
    }
    if (now >= this.#time.drainAt) this.#drainUntil ??= this.#time.until;
    const { outcome } = this.program;
    if (outcome) return this.#settle(endOf(this.#ports, this.#journal, this.program, outcome, now));
    const needsWrite = this.#startEffects(now);
    if (this.#arrivals.length > 0) return undefined;
    const marked = this.#effects.running.size > 0 && this.#markLongSteps(now);
    const idle = this.#effects.running.size === 0 && !needsWrite && !this.#isBusy(now);
    // What woke the run and its next suspend are one write. Children are cancelled under a claim, lest it be forgotten.
    if (idle && (this.program.stops.length === 0 || this.#tail.length === 0)) return this.#suspend();
    if (needsWrite || marked || this.#mustFlush(now)) return this.#flush();
    if (this.#drainUntil !== undefined && (this.#effects.running.size === 0 || now >= this.#drainUntil)) {
      return this.#yieldRun();
    }
    if (this.#nudged) return this.#look();
    return this.#alarm.sleepUntil(this.#nextMoment(now));
  }

  /** Steps run, or have just ended. Who only waits reads the mail when it suspends. */
  #isAtWork(): boolean {
    return this.#effects.running.size > 0 || this.#arrivals.length > 0;
  }

  /** What a command changes holds from its own append on: nothing is fed and nothing starts before that (K20). */
  async #takeMail(): Promise<AppendResult | undefined> {
    return (await this.#feedMail()) ? this.#flush() : undefined;
  }

  async #timeOut(now: number): Promise<AppendResult | undefined> {
    await this.#feed({ type: 'run_timed_out', at: now });
    return this.#journal.paused ? this.#flush() : undefined;
  }

  #isTimedOut(): boolean {
    return this.#journal.timedOut || this.#tail.some((event) => event.type === 'run_timed_out');
  }

  #mustFlush(now: number): boolean {
    if (this.program.stops.length > 0 && this.#tail.length > 0) return true;
    if (now >= this.#nextHeartbeat && this.#effects.running.size > 0) return true;
    if (this.#tail.length === 0) return false;
    if (this.#mailbox.hasTold || this.#suspects.isIn()) return true;
    return now >= this.#flushAt();
  }

  /** When what is in the tail is written at the latest. */
  #flushAt(): number {
    if (this.#definition.durability === 'none') return Number.POSITIVE_INFINITY;
    return this.#tailSince + (this.#relaxed ? this.#limits.relaxedLingerMs : this.#limits.lingerMs);
  }

  /** There is something to do soon, so that suspending is not worth it. */
  #isBusy(now: number): boolean {
    if (this.program.open.size === 0) return !this.#isStuck(now);
    this.#stuckSince = undefined;
    if (this.#journal.paused) return false;
    return isShort(nextDue(this.program), now, this.#limits);
  }

  #isStuck(now: number): boolean {
    this.#stuckSince ??= now;
    return now - this.#stuckSince >= this.#limits.stuckAfterMs;
  }

  #nextMoment(now: number): number {
    const moments = [this.#birth.deadline + (now >= this.#birth.deadline ? this.#limits.timeoutGraceMs : 0)];
    if (!this.#journal.paused) moments.push(nextTimer(this.program)?.due ?? Number.POSITIVE_INFINITY);
    if (!this.#journal.paused && this.#drainUntil === undefined) moments.push(nextRetry(this.program, now));
    if (this.#effects.running.size > 0) moments.push(this.#nextVisible(), this.#nextHeartbeat, this.#nextWatch);
    if (this.#tail.length > 0) moments.push(this.#flushAt());
    moments.push(this.#drainUntil ?? this.#time.drainAt);
    if (this.#stuckSince !== undefined && this.program.open.size === 0) {
      moments.push(this.#stuckSince + this.#limits.stuckAfterMs);
    }
    return Math.min(...moments);
  }

  // --- ends --------------------------------------------------------------------------------------------------------

  async #settle(event: SettledEvent | Promise<SettledEvent>): Promise<TurnEnd | undefined> {
    this.emit(await event);
    const result = await this.#flush();
    if (result !== 'written') return result === 'lost' ? 'lost' : undefined;
    this.#effects.dropAll('The run has ended');
    await retrying(this.#ports, () => announce(this.#ports, this.#journal));
    return 'settled';
  }

  async #suspend(): Promise<TurnEnd | undefined> {
    if (this.program.open.size === 0) {
      return this.#block(stuck(this.#birth));
    }
    const now = this.#clock.now();
    const goesOnAt = this.#journal.paused ? Number.POSITIVE_INFINITY : nextDue(this.program);
    const wakeAt = Math.min(
      goesOnAt,
      nextChildCheck(this.program, now),
      this.#journal.timedOut ? this.#birth.deadline + this.#limits.timeoutGraceMs : this.#birth.deadline,
    );
    const ended = await this.#park({
      type: 'run_suspended',
      at: now,
      wakeAt,
      awaiting: awaitingOf(this.program),
      ...(this.#journal.paused && { paused: true as const }),
    });
    if (ended !== 'parked') return ended === 'lost' ? 'lost' : undefined;
    await this.#look();
    if (!this.#mailbox.isEmpty) {
      this.#claimed = false;
      return undefined;
    }
    await this.#raiseHead();
    this.#ports.changes.publish(this.#birth.id);
    if (goesOnAt - this.#clock.now() <= this.#limits.queueDelayMs) {
      await this.#ports.queue.send(
        { kind: 'wake', run: this.#birth.id, nonce: this.#birth.nonce },
        { delayMs: Math.max(0, goesOnAt - this.#clock.now()) },
      );
    }
    const { program } = this;
    if (program.stops.length === 0) {
      this.#known.suspended = { program, definition: this.#definition, fed: this.#durableSeq() };
    }
    return 'suspended';
  }

  /** Hands the run back while there is still something to do. */
  async #yieldRun(): Promise<TurnEnd | undefined> {
    const running = [...this.#effects.running.values()];
    this.#effects.dropAll('The turn has no more time');
    // Whether such a step took effect cannot be known: the claim stays, and whoever takes over says so.
    if (running.some(({ atMostOnce }) => atMostOnce)) {
      if (this.#tail.length > 0) await this.#flush();
      return 'yielded';
    }
    const now = this.#clock.now();
    const ended = await this.#park({ type: 'run_suspended', at: now, wakeAt: now, awaiting: awaitingOf(this.program) });
    if (ended !== 'parked') return ended === 'lost' ? 'lost' : undefined;
    await this.#raiseHead();
    await this.#ports.queue.send({ kind: 'wake', run: this.#birth.id, nonce: this.#birth.nonce });
    return 'yielded';
  }

  async #park(event: RunEvent): Promise<AppendResult | 'parked'> {
    this.emit(event);
    const result = await this.#flush();
    return result === 'written' ? 'parked' : result;
  }

  async #block(fault: Fault): Promise<TurnEnd> {
    this.#effects.dropAll('The run cannot go on');
    const now = this.#clock.now();
    const overdue = endOfOverdue(this.#journal, this.#limits, fault.message, now);
    if (overdue) return (await this.#settle(overdue)) ?? 'lost';
    if (!this.#claimed) await this.#keeper.lower(now + this.#limits.leaseMs);
    this.emit({
      type: 'run_blocked',
      at: now,
      code: fault.code,
      message: fault.message,
      retryAt: blockedUntil(this.#journal, this.#limits, now),
    });
    const events = this.#takeTail();
    const result = await this.#appender.append(
      events,
      { leaseUntil: now, takeover: this.#takeover },
      outsideIds(events),
    );
    if (result === 'lost') return 'lost';
    if (result === 'foreign') return this.#block(fault);
    await this.#raiseHead();
    this.#ports.changes.publish(this.#birth.id);
    return 'blocked';
  }

  async run(): Promise<TurnEnd> {
    try {
      await this.#begin();
      if (this.#checksChildren) this.#arrivals.push(...(await lookAtChildren(this.#ports, this.#birth, this.program)));
      for (;;) {
        const moved = this.#move();
        // What was done at once needs no waiting for.
        const end = moved && (await moved);
        if (end && end !== 'written' && end !== 'foreign') return end;
      }
    } catch (error) {
      if (error instanceof Lost) return 'lost';
      if (isFault(error, 'non_deterministic')) return this.#block(error);
      if (isFault(error, 'corrupt')) return this.#block(error);
      if (error instanceof EventLimit) {
        this.#tail = this.#tail.slice(0, -1);
        const end = endOf(this.#ports, this.#journal, this.program, { type: 'threw', error }, this.#clock.now());
        return (await this.#settle(end)) ?? 'lost';
      }
      throw error;
    } finally {
      this.#effects.dropAll('The turn has ended');
      this.#alarm.stop();
      this.#suspects.leaveAll();
    }
  }
}

export function createTurn(ports: Ports, start: TurnStart): Turn {
  return new RunTurn(ports, start);
}
