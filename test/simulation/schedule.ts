/**
 * One schedule: a few runs of one workflow, driven by two or three processes under seeded faults.
 *
 * Owns: its course, who lives, and which checks hold of it. Does not own: what is right (oracle.ts).
 */
import type { Definition } from '../../lib/kernel/definition.ts';
import { isSettled } from '../../lib/kernel/head.ts';
import { foldJournal } from '../../lib/kernel/journal.ts';
import type { StepAttempt } from '../../lib/kernel/operations.ts';
import type { RunRecord } from '../../lib/ports/store.ts';
import { settleDeadLetters } from '../../lib/service/dead-letters.ts';
import { redriveDeadLetters } from '../../lib/service/redrive.ts';
import { sweep, wakeBlocked } from '../../lib/service/sweep.ts';
import { createWorld, type Process } from '../kernel/harness.ts';
import { aroundSteps, type StepCall } from './around-steps.ts';
import { type Case, type CaseOptions, caseOf } from './case.ts';
import { createFate } from './fate.ts';
import { newerStore, olderRecord } from './newer-format.ts';
import {
  checkAccepted,
  checkAtMostOnce,
  checkBlame,
  checkDeadlines,
  checkEffects,
  checkKills,
  checkOnce,
  checkRecords,
  checkUndone,
  type Effect,
  type FinishedRun,
  idOf,
} from './oracle.ts';
import { createPeople } from './people.ts';
import { createPost } from './post.ts';
import { faultsMs, minute, type Setting } from './setting.ts';
import { staleIndex } from './stale-index.ts';
import type { Story } from './story.ts';
import { type Mode, modes } from './traits.ts';
import { createTroubles } from './troubles.ts';
import { inputOf, resultOf } from './undisturbed.ts';
import { watchStore } from './watch.ts';
import { createWorkload } from './workload.ts';

export interface Result {
  seed: number;
  mode: Mode;
  violations: string[];
  runs: number;
  effects: number;
  sweeps: number;
  /** The most sweeps that a run which was due had to wait for somebody, once faults had stopped. */
  longestWait: number;
  /** The faults that struck, by name. */
  struck: readonly string[];
}

/** Long enough for a parent to look at its children a few times; far from any deadline. */
const patienceMs = 180 * minute;
/** Rounds of a schedule; one that needs more never comes to rest. */
const maxRounds = 400_000;
/** Of the processes so many are replaced by a deployment. */
const replacedShare = 0.6;
/** Of what people hurry to say so much is lost, where the queue may forget it. */
const lostShare = 0.5;
const undeployedLongMs = 15 * minute;
const longestFreezeMs = 120_000;
const sweepMs = 7_000;
const calmSweepMs = 30_000;

export function runSeed(seed: number, options: CaseOptions = {}): Promise<Result> {
  return runSchedule(caseOf(seed, options));
}

export async function runSchedule(schedule: Case, story?: Story): Promise<Result> {
  const { seed, mode, traits } = schedule;
  const { durability, durableQueue } = traits;
  const fate = createFate(seed, schedule.only);
  // In half of the schedules of each mode processes keep what they know of a run, however short its journal is.
  const keeps = Math.floor(seed / modes.length) % 2 === 0;
  const limits = { ...traits.limits, keptFromEvents: keeps ? 0 : Number.POSITIVE_INFINITY };
  const world = createWorld({ seed, durableQueue, limits, quietTurns: 2 });
  const began = world.clock.now();
  const workload = await createWorkload(schedule.work, {
    sleep: world.sleep,
    chance: fate.at,
    traits,
    mismatch: (what) => say(`(3) ${what}`),
  });
  const rough = mode !== 'calm' && mode !== 'poison';
  // With weaker durability a lost place may run steps again (K27), and who is to blame for that cannot be told.
  const mayOvertake = mode !== 'poison' && (mode !== 'calm' || durability === 'each');
  const poison = mode === 'poison' ? workload.steps[fate.below('poison', workload.steps.length)] : undefined;
  const effects: Effect[] = [];
  const born = new Map<string, FinishedRun['head']>();
  const violations: string[] = [];
  const names = new Map<string, string>();
  let processes: Process[] = [];
  let made = 0;
  let sweeps = 0;
  let isDeployed = true;
  /** The latest of each step in each process, by name, nonce and key. */
  const attempts = new Map<string, StepAttempt>();
  let hasUndeployed = false;
  let isUpgraded = false;

  function say(violation: string): void {
    violations.push(violation);
    setting.tell('oracle', violation);
  }

  const setting: Setting = {
    world,
    fate,
    case: schedule,
    began,
    disturbed: () => world.clock.now() < began + faultsMs,
    get processes() {
      return processes;
    },
    later(ms, action) {
      world.clock.schedule(world.clock.now() + ms, () => void action());
    },
    nameOf(run) {
      const name = names.get(run) ?? `r${names.size + 1}`;
      names.set(run, name);
      return name;
    },
    tell(who, what) {
      story?.tell(world.clock.now() - began, who, what);
    },
  };
  const { later, tell, nameOf } = setting;

  // --- what is seen from below ---------------------------------------------------------------------------------------

  const watch = watchStore(
    setting,
    {
      calm: mode === 'calm',
      noTakeovers: mode === 'calm' || (mode === 'shaky' && traits.turnMs === undefined),
    },
    say,
  );
  staleIndex(setting, () => rough && setting.disturbed());
  world.onLoss(watch.lose);
  world.onLook(watch.look);
  world.onKeep(watch.keep);

  async function recordOf(run: string): Promise<RunRecord> {
    return olderRecord(await world.record(run));
  }

  const post = createPost(setting, {
    async isHeard(run, event) {
      const record = await world.store.read(run);
      if (!record) return false;
      const { head, chunks } = olderRecord(record);
      return foldJournal(head.birth, chunks).heard.has(event);
    },
    sent: watch.sent,
    received(process, message) {
      if (message.kind === 'start') watch.begins(process, message);
    },
  });

  // --- processes -----------------------------------------------------------------------------------------------------

  const troubles = createTroubles(setting, {
    bury,
    die,
    shutDown,
    overtake: (run, chunk, place) => people.overtake(run, chunk, place),
    mayOvertake,
    givenUp: watch.givenUp,
    hurry(run, place) {
      if (fate.at(`lost after ${place}`)() < lostShare) post.loseNext(run);
      people.hurry(run);
    },
    whenReborn(run, callback) {
      if (!traits.reborn || !roots?.includes(run) || again.has(run)) return false;
      const waiting = { run, callback };
      rebirths.add(waiting);
      later(longestFreezeMs, () => rebirths.delete(waiting) && callback());
      return true;
    },
  });

  function bury(process: Process): void {
    processes = processes.filter((other) => other !== process);
    if (!durableQueue) later(fate.below(`${process.name} known dead`, 5_000), () => world.gone.add(process.name));
    later(500 + fate.below(`after ${process.name}`, 20_000), addProcess);
  }

  function die(process: Process, why: string): void {
    if (!world.isAlive(process.name)) return;
    tell(process.name, `dies: ${why}`);
    process.kill();
    bury(process);
  }

  function shutDown(process: Process, graceMs: number): void {
    tell(process.name, `is shut down within ${graceMs} ms`);
    processes = processes.filter((other) => other !== process);
    void post.drain(process.name, graceMs).then(() => die(process, 'it is shut down'));
  }

  /** For a while whoever comes has not got the workflow. Some processes are replaced, the others learn of it. */
  function undeploy(): void {
    if (hasUndeployed) return;
    hasUndeployed = true;
    const set = (deployed: boolean) => {
      isDeployed = deployed;
      tell('people', deployed ? 'deploy the workflow again' : 'deploy without the workflow');
      for (const process of processes) process.deploy(...(deployed ? definitionsIn(process.name) : []));
    };
    set(false);
    for (const process of [...processes]) {
      if (fate.at(`replaced ${process.name}`)() < replacedShare) die(process, 'it is replaced');
    }
    const isLong = traits.timeoutMs !== undefined && fate.at('undeployed for long')() < 0.5;
    later(isLong ? undeployedLongMs : 10_000 + fate.below('undeployed for', 60_000), () => {
      set(true);
      const one = processes[fate.below('deployer', processes.length)];
      if (one) void wakeBlocked(one.ports, 'deployment').catch(() => {});
    });
  }

  /** From now on new processes write a newer format, and the others die one after the other. */
  function upgrade(): void {
    isUpgraded = true;
    tell('people', 'upgrade');
    const old = [...processes];
    addProcess();
    for (const [index, process] of old.entries()) {
      later((index + 1) * (5_000 + fate.below(`old ${process.name}`, 60_000)), () => die(process, 'it is replaced'));
    }
  }

  function addProcess(): void {
    made += 1;
    const name = `p${made}`;
    const skewMs = mode === 'calm' || !fate.allows('skew', name) ? 0 : fate.below(`skew ${name}`, 4_000) - 2_000;
    const process = world.process(name, isDeployed ? definitionsIn(name) : [], {
      skewMs,
      queue: post.queueOf(name),
      ...(isUpgraded && { store: newerStore }),
    });
    if (isUpgraded) watch.isNewer(name);
    process.trouble((call) => troubles.of(process, call));
    processes.push(process);
    post.open(process);
  }

  /** The workflows, whose steps are seen, and may do something to their process. */
  function definitionsIn(process: string): Definition[] {
    return workload.definitions.map((definition) =>
      aroundSteps(definition, (call, work) => runStep(process, call, work)),
    );
  }

  function runStep(name: string, { run: { id, nonce }, key, attempt }: StepCall, work: () => unknown): unknown {
    const process = processes.find((other) => other.name === name);
    if (!process || !world.isAlive(name)) return work();
    tell(name, `starts ${key}#${attempt.attempt} of ${nameOf(id)}`);
    const lease = watch.leaseOf(name, id, nonce);
    const place = `step ${effects.length}`;
    effects.push({
      process: name,
      run: id,
      nonce,
      key,
      attempt: attempt.attempt,
      durable: watch.eventsOf(id),
      afterLoss: watch.hasLost(name, id, nonce),
      afterLease: lease !== undefined && process.ports.clock.now() > lease,
    });
    if (mode === 'poison') checkAlone(name, { id, nonce, key, attempt });
    if (idOf(key) === poison) {
      later(fate.below(place, 50), () => attempt.signal.aborted || die(process, `${key} kills it`));
      return new Promise(() => {});
    }
    const isOnce = workload.once.has(idOf(key));
    if (isOnce && traits.deploys && fate.allows('undeploy', 'all'))
      later(fate.below(`undeployed in ${place}`, 1_000), undeploy);
    troubles.inStep(process, { key, place, isOnce });
    return work();
  }

  /** A crash now counts against one step at most, and whatever is said to run alone does (K12). */
  function checkAlone(name: string, step: { id: string; nonce: string; key: string; attempt: StepAttempt }): void {
    attempts.set(`${name} ${step.nonce} ${step.key}`, step.attempt);
    // Some were not begun, or are not wanted any more.
    const alone = watch
      .aloneUnder(name)
      .filter(({ nonce, key }) => attempts.get(`${name} ${nonce} ${key}`)?.signal.aborted === false);
    const isAlone = alone.some(({ nonce, key }) => nonce === step.nonce && key === step.key);
    for (const { run, nonce, key } of alone) {
      if (nonce === step.nonce ? key === step.key : !isAlone) continue;
      say(`(13) ${name} runs ${step.key} of ${step.id} beside ${key} of ${run}, which is said to run alone`);
    }
  }

  function makeApi(name: string): Process {
    const api = world.process(name, workload.definitions, { queue: post.queueOf(name), store: newerStore });
    watch.isNewer(name);
    api.trouble((call) => troubles.ofApi(call));
    return api;
  }

  // --- the course of it ----------------------------------------------------------------------------------------------

  const api = makeApi('api');
  const apis = [api, makeApi('api2')];
  for (let i = 0; i < traits.processes; i += 1) addProcess();
  const people = createPeople(setting, {
    api,
    // Where the queue forgets, only the process that holds a start message, or everybody after its death, may use it.
    starters: () => (durableQueue ? apis : processes),
    workload,
    isNext: watch.isNext,
    hasHeard: watch.hasHeard,
    isParked: watch.isParked,
    mayOvertake,
  });
  let roots: string[] | undefined;
  const starting = people.start().then(
    (ids) => {
      roots = ids;
    },
    (error: unknown) => say(`(5) no run was accepted: ${String(error)}`),
  );
  void starting;
  if (traits.deploys && fate.allows('undeploy', 'all')) later(fate.below('undeployed at', 60_000), undeploy);
  if (traits.upgrades && fate.allows('undeploy', 'upgrade')) later(fate.below('upgraded at', 25_000), upgrade);
  tick(1);

  function tick(nth: number): void {
    const place = `tick ${nth}`;
    const one = processes[fate.below(place, processes.length)];
    if (one) {
      sweepBy(one);
      if (rough && setting.disturbed() && mode !== 'shaky' && fate.strikes('halfway', place)) {
        later(fate.below(`halfway ${place}`, 300), () => die(one, 'in the middle of a sweep'));
      }
      const other = processes[fate.below(`other ${place}`, processes.length)];
      if (other && fate.strikes('overlap', place)) sweepBy(other);
    }
    if (setting.disturbed() && (mode === 'faults' || mode === 'shaky') && fate.strikes('throttle', place)) {
      troubles.throttle();
    }
    if (nth % 4 === 0) void settleDeadLetters(api.ports, { until: world.clock.now() + minute }).catch(() => {});
    if (fate.strikes('redrive', place)) void redriveDeadLetters(api.ports).catch(() => {});
    watch.swept(setting.disturbed());
    later(setting.disturbed() ? sweepMs : calmSweepMs, () => tick(nth + 1));
  }

  function sweepBy(process: Process): void {
    sweeps += 1;
    sweep(process.ports, { skip: (run) => post.isDriving(process.name, run) }).then(
      (count) => count > 0 && tell(process.name, `has swept, and woken ${count} of the runs`),
      (error: unknown) => tell(process.name, `breaks its sweep off: ${String(error)}`),
    );
  }

  const served = new Set<string>();
  const continuations = new Set<string>();
  /** What happens when a run has been started anew. */
  const rebirths = new Set<{ run: string; callback: () => void }>();
  /** Runs that were deleted, or are about to be, to be started anew. */
  const again = new Set<string>();
  let rebearings = 0;

  /** Runs that have appeared hear from people, once. */
  async function serve(): Promise<void> {
    for (const id of watch.appeared()) {
      const head = await world.head(id);
      born.set(id, head);
      served.add(id);
      const input = await inputOf(world, head.birth);
      if ((input as { continued?: true } | undefined)?.continued) continuations.add(id);
      // A tombstone has none.
      if (input !== undefined && !isSettled(head.state.status)) people.serve(head.birth, input);
    }
    if (!traits.reborn || !roots) return;
    for (const run of roots) {
      if (again.has(run) || !watch.isClosed(run)) continue;
      again.add(run);
      rebearings += 1;
      later(fate.below(`delete ${run}`, 5_000), () =>
        people.bearAgain(run).finally(() => {
          rebearings -= 1;
          post.haunt(run);
          for (const waiting of [...rebirths]) {
            if (waiting.run === run && rebirths.delete(waiting)) waiting.callback();
          }
        }),
      );
    }
  }

  const end = began + faultsMs + patienceMs;
  for (let round = 0; ; round += 1) {
    if (round > maxRounds) say('(5) it never comes to rest');
    if (round > maxRounds) break;
    await world.settle();
    await serve();
    if (world.clock.now() > end || isOver()) break;
    await world.clock.advanceToNext();
  }

  function isOver(): boolean {
    return roots !== undefined && rebearings === 0 && post.isEmpty && processes.length > 0 && watch.areAllClosed();
  }

  // --- what came of it -----------------------------------------------------------------------------------------------

  const undisturbed = world.process('oracle', workload.definitions);
  const blocks = traits.deploys ? ['not_deployed'] : [];
  const definitionOf = (name: string) => workload.definitions.find((known) => known.name === name) as Definition;
  for (const id of served) {
    const { head, chunks } = await recordOf(id);
    if (watch.isBornLate(id) && effects.some(({ run }) => run === id))
      say(`run ${id}: was born after its parent's end`);
    if (chunks.length === 0 && head.state.status === 'cancelled') continue;
    const finished = { head, chunks, born: born.get(id) ?? head };
    violations.push(...checkRecords(finished, blocks));
    violations.push(...checkUndone(finished, workload.undo));
    violations.push(...checkAccepted(finished, people.accepted));
    const { nonce } = head.birth;
    const own = effects.filter((effect) => effect.nonce === nonce);
    const children = [...born.values()].filter(
      ({ birth }) => birth.parent?.nonce === nonce && !continuations.has(birth.id),
    );
    const ids = children.map(({ birth }) => ({ id: birth.id, durable: watch.eventsAtBirth(birth.id) }));
    violations.push(...checkDeadlines(head, head.birth.parent && born.get(head.birth.parent.id)));
    violations.push(...(await checkEffects(undisturbed.ports, definitionOf(head.birth.workflow), finished, own, ids)));
    if (poison !== undefined) violations.push(...checkBlame(finished, poison));
  }
  if (mode === 'calm') violations.push(...checkOnce(effects));
  if (poison !== undefined && durability === 'each') violations.push(...checkKills(effects, poison));
  violations.push(...checkAtMostOnce(effects, workload.once));
  const changes = traits.cancel || traits.timeoutMs !== undefined || poison !== undefined;
  const lacksChildren = traits.deploys && workload.hasChildren;
  const expected = changes || lacksChildren ? undefined : await workload.expected();
  if (expected !== undefined) await compare(expected);
  const struck = [...fate.struck];
  const { longestWait } = watch;
  return { seed, mode, violations, runs: served.size, effects: effects.length, sweeps, longestWait, struck };

  /** What is deterministic comes out as it does without any fault. */
  async function compare(calm: string): Promise<void> {
    for (const run of roots ?? []) {
      const result = await resultOf({ ...world, record: recordOf }, run);
      if (result !== calm) {
        say(`run ${run} of seed ${seed}: (2) ended with ${result}, undisturbed with ${calm}`);
      }
    }
  }
}
