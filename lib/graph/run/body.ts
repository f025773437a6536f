import { endsRun } from '../../workflow/branches.ts';
import { TaskError } from '../../workflow/index.ts';
import type { FailTask, Json, SucceedTask } from '../definition.ts';
import { causeOfJoin, causeOfNotChosen, joinHolds, type Outcome, skipped } from './join.ts';
import type { BodyHost, BodyPlace, Place, TaskPlace, Values } from './place.ts';
import { isTolerant, type PlannedBody, type PlannedTask } from './plan.ts';
import type { Startable } from './scheduler.ts';
import type { TaskChange } from './task-states.ts';

/**
 * Tasks that are scheduled together, under way: those of the graph, of a container, of one round of a map.
 *
 * Owns: what waits for what, who is chosen and who is skipped, and when the body has ended and how.
 * Does not own: who of the ready ones is first (scheduler.ts), what a task does (`perform`).
 *
 * Invariants:
 *  1. A task begins once, after all that it waits for; it ends once, as completed, failed or skipped.
 *  2. Each dependency is looked at a fixed number of times.
 *  3. Once the body has ended nothing of it begins or is waited for: its scope is closed, its places are free.
 */
export interface RunningBody {
  result: Promise<BodyEnd>;
  /** Where its tasks run; expressions see all that has ended there. */
  place: Place;
  /** Ends it without a result. What waited for its places starts at the scheduler's next `go`. */
  close(): void;
}

interface BodyEnd {
  output: Json;
  /** A `succeed` ended it and said what it gives. */
  early: boolean;
}

/** Queues what can begin; the scheduler's next `go` starts it. */
export function startBody(host: BodyHost, plan: PlannedBody, where: BodyPlace): RunningBody {
  const { scheduler } = host;
  const { tasks } = plan;
  const open = Int32Array.from(tasks, ({ waitsFor }) => waitsFor);
  const outcomes: (Outcome | undefined)[] = new Array(tasks.length).fill(undefined);
  const isChosen = new Uint8Array(tasks.length);
  const running = new Set<Startable>();
  const closers = new Set<() => void>();
  const inners = new Map<string, Values>();
  /** Failures that nobody caught and no task has put up with, in order. */
  const failures = new Set<number>();
  let left = tasks.length;
  let tolerant = plan.tolerant;
  let ended = false;
  let resolve!: (end: BodyEnd) => void;
  let reject!: (error: unknown) => void;
  const result = new Promise<BodyEnd>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  result.catch(() => {});

  const place: TaskPlace = {
    scope: where.scope,
    ctx: where.ctx,
    lane: where.lane,
    values: {
      outcomeOf(id) {
        const number = plan.numbers.get(id);
        if (number !== undefined) return outcomes[number];
        const owner = plan.owners.get(id);
        return owner === undefined ? undefined : inners.get(taskAt(owner).task.id)?.outcomeOf(id);
      },
      hold: (id, inner) => void inners.set(id, inner),
      round: where.round,
      outer: where.outer,
    },
    whenClosed(callback) {
      closers.add(callback);
      return () => closers.delete(callback);
    },
  };

  const taskAt = (number: number) => tasks[number] as PlannedTask;
  const outcomeAt = (number: number) => outcomes[number] as Outcome;
  const isWanted = () => !ended && !where.scope.closed;

  // --- what becomes of a task ----------------------------------------------------------------------------------------

  function consider(number: number): Outcome | undefined {
    const { task, dependsOn, chosenBy } = taskAt(number);
    const isTarget = chosenBy.length > 0;
    if (isTarget && isChosen[number] === 0) return skipped(causeOfNotChosen(chosenBy.map(outcomeAt)));
    const dependencies = dependsOn.map(outcomeAt);
    if (joinHolds(task.join, dependencies, plan.isSequence && !isTarget)) return undefined;
    return skipped(causeOfJoin(dependencies));
  }

  /** Takes in how a task ended, and whoever has waited for that alone. */
  function settle(first: number, outcome: Outcome): void {
    if (!isWanted()) return;
    record(first, outcome);
    const done = [first];
    for (const number of done) {
      for (const dependent of taskAt(number).dependents) {
        const stillOpen = (open[dependent] as number) - 1;
        open[dependent] = stillOpen;
        if (stillOpen > 0) continue;
        const outcome = consider(dependent);
        if (outcome) {
          record(dependent, outcome);
          done.push(dependent);
        } else admit(dependent);
      }
    }
    endIfDone();
    scheduler.go();
  }

  function record(number: number, outcome: Outcome): void {
    outcomes[number] = outcome;
    left -= 1;
    if (isTolerant(taskAt(number))) tolerant -= 1;
    if (outcome.status === 'failed' && !outcome.caught) failures.add(number);
    note(number, outcome.status);
  }

  function note(number: number, state: TaskChange['state']): void {
    const { id } = taskAt(number).task;
    host.note?.({ id, key: place.scope.key(id), state });
  }

  function fail(number: number, thrown: unknown): void {
    if (!isWanted()) return;
    if (endsRun(thrown)) {
      host.stop(thrown);
      return;
    }
    const { task, targets } = taskAt(number);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const clause =
      'catch' in task ? task.catch.find((each) => each.error === '*' || each.error === error.name) : undefined;
    if (clause) isChosen[targets.get(clause.then) as number] = 1;
    settle(number, { status: 'failed', error, caught: clause !== undefined });
  }

  function complete(number: number, output: Json): void {
    const { task, targets } = taskAt(number);
    if (task.type === 'condition') for (const id of output as string[]) isChosen[targets.get(id) as number] = 1;
    settle(number, { status: 'completed', output });
  }

  // --- its way ---------------------------------------------------------------------------------------------------------

  /** The task is to run, unless its `when` says no. */
  function admit(number: number): void {
    const planned = taskAt(number);
    const { task, order } = planned;
    const turn = { priority: task.priority, order, isWanted };
    if (task.when === undefined && !takesNoTime(planned)) enqueue(number);
    else scheduler.decide(turn, () => decide(number));
  }

  async function decide(number: number): Promise<void> {
    const planned = taskAt(number);
    const { id, when } = planned.task;
    try {
      if (when !== undefined && !(await host.holds(when, place, id))) {
        settle(number, skipped('own'));
        return;
      }
      if (!isWanted()) return;
      if (takesNoTime(planned)) await performNow(number);
      else enqueue(number);
    } catch (error) {
      fail(number, error);
    }
  }

  async function performNow(number: number): Promise<void> {
    const planned = taskAt(number);
    const { task } = planned;
    putUpWithFailures(planned);
    if (task.type === 'fail') await endWithError(task);
    else if (task.type === 'succeed') await endWithOutput(task);
    else complete(number, await host.perform(planned, place, () => {}));
  }

  async function endWithError({ id, error, message }: FailTask): Promise<void> {
    const words = inWords(await host.evaluate(message, place, id));
    end(() => reject(new TaskError({ name: error, message: words }, place.scope.key(id))));
  }

  async function endWithOutput({ id, output }: SucceedTask): Promise<void> {
    const value = output === undefined ? null : ((await host.evaluate(output, place, id)) ?? null);
    end(() => resolve({ output: value, early: true }));
  }

  function enqueue(number: number): void {
    const planned = taskAt(number);
    const { task, order } = planned;
    const entry: Startable = {
      priority: task.priority,
      order,
      isWanted,
      takesSlot: task.type === 'executor' || task.type === 'sub_workflow',
      lane: where.lane,
      start: () => start(number, entry),
    };
    scheduler.enqueue(entry);
  }

  function start(number: number, entry: Startable): void {
    const planned = taskAt(number);
    running.add(entry);
    note(number, planned.task.type === 'wait' || planned.task.type === 'signal' ? 'waiting' : 'running');
    putUpWithFailures(planned);
    let held = false;
    const soon = () => {
      if (!held) scheduler.hold();
      held = true;
    };
    const end = (settle: () => void) => {
      leave(entry);
      settle();
      if (held) scheduler.unhold();
    };
    host
      .perform(planned, place, soon)
      .then(
        (output) => end(() => complete(number, output)),
        (error: unknown) => end(() => fail(number, error)),
      )
      .catch(host.stop);
  }

  function leave(entry: Startable): void {
    if (running.delete(entry)) scheduler.release(entry);
  }

  /** A task with `any_succeeded` that runs is content with those that completed. */
  function putUpWithFailures({ task, dependsOn }: PlannedTask): void {
    if (task.join === 'any_succeeded' && failures.size > 0) for (const number of dependsOn) failures.delete(number);
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  function endIfDone(): void {
    // A task that runs whatever happened is still to come: the body goes on for its sake.
    const [failed] = tolerant === 0 ? failures : [];
    if (failed !== undefined) {
      const { error } = outcomeAt(failed) as Extract<Outcome, { status: 'failed' }>;
      end(() => reject(error));
    } else if (left === 0) end(() => resolve({ output: outputOf(plan, outcomes), early: false }));
  }

  function end(settleResult: () => void): void {
    if (!isWanted()) return;
    where.onEnd?.();
    settleResult();
    close();
  }

  function close(): void {
    if (ended) return;
    ended = true;
    where.scope.close();
    for (const callback of [...closers]) callback();
    for (const entry of running) scheduler.release(entry);
    running.clear();
  }

  for (const [number, { waitsFor }] of tasks.entries()) if (waitsFor === 0) admit(number);
  if (left === 0) endIfDone();
  return { result, place, close };
}

function takesNoTime({ task: { type } }: PlannedTask): boolean {
  return type === 'condition' || type === 'transform' || type === 'fail' || type === 'succeed';
}

function outputOf({ tasks, last }: PlannedBody, outcomes: (Outcome | undefined)[]): Json {
  const completed = last.flatMap((number) => {
    const outcome = outcomes[number];
    return outcome?.status === 'completed' ? [[tasks[number]?.task.id, outcome.output]] : [];
  });
  if (last.length === 1) return completed[0]?.[1] ?? null;
  return last.length === 0 ? null : Object.fromEntries(completed);
}

function inWords(message: Json | undefined): string {
  return typeof message === 'string' ? message : JSON.stringify(message ?? null);
}
