/**
 * One schedule: a few runs of one generated workflow, driven by two or three processes under seeded faults, from a seed.
 *
 * Owns: chance, and who gets which message when. Does not own: what is right (oracle.ts).
 */

import { deliver, recipientOf } from '../../lib/kernel/deliver.ts';
import type { Birth, Chunk, OutsideEvent } from '../../lib/kernel/events.ts';
import { isSettled } from '../../lib/kernel/head.ts';
import { foldJournal } from '../../lib/kernel/journal.ts';
import { fromJson, loadPayload } from '../../lib/kernel/payload.ts';
import { successorOf } from '../../lib/kernel/successor.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { sweep } from '../../lib/service/sweep.ts';
import {
  type Call,
  createWorld,
  type Process,
  seededFraction,
  startIn,
  type Trouble,
  type World,
} from '../kernel/harness.ts';
import {
  checkAtMostOnce,
  checkBlame,
  checkEffects,
  checkOnce,
  checkRecords,
  type Effect,
  type FinishedRun,
  idOf,
} from './oracle.ts';
import {
  anyPart,
  interpreter,
  isDeterministic,
  type Plan,
  type PlanInput,
  randomPlan,
  signalsOf,
  stepsOf,
} from './plan.ts';
import { type Mode, modes, randomTraits } from './traits.ts';
import { watchStore } from './watch.ts';

export interface Result {
  seed: number;
  mode: Mode;
  violations: string[];
  runs: number;
  effects: number;
  sweeps: number;
}

const minute = 60_000;
const visibilityMs = minute;
const faultsMs = 4 * minute;
/** Long enough for a parent to look at its children a few times; far from any deadline. */
const patienceMs = 180 * minute;
const hopeless = 20_000;
/** Rounds of a schedule; one that needs more never comes to rest. */
const maxRounds = 60_000;
const targets = [
  'append',
  'append',
  'updateHead',
  'updateHead',
  'read',
  'send',
  'create',
  'putMail',
  'put',
  'readHead',
];

export interface ScheduleOptions {
  mode?: Mode;
  /** False: nothing repairs later what a missing guard has spoilt. Default true. */
  backstops?: boolean;
}

export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<Result> {
  const chance = seededFraction(seed * 7919 + 13);
  const below = (max: number) => Math.floor(chance() * max);
  const mode = options.mode ?? (modes[seed % modes.length] as Mode);
  const backstops = options.backstops ?? true;
  const plan = randomPlan(chance, 3);
  const traits = randomTraits(mode, chance);
  const { durability, durableQueue, again } = traits;
  const world = createWorld({ seed, durableQueue, limits: traits.limits });
  const definition = interpreter(world.sleep, durability, traits.timeoutMs);
  const began = world.clock.now();
  const rough = mode !== 'calm' && mode !== 'poison';
  const disturbed = () => armed && rough && world.clock.now() < began + faultsMs;
  // With weaker durability a lost place may run steps again (K27), and who is to blame for that cannot be told.
  const mayOvertake = mode !== 'poison' && (mode !== 'calm' || durability === 'each');
  const steps = stepsOf(plan);
  const once = new Set(steps.filter((step) => step.once).map(({ id }) => id));
  const poison = mode === 'poison' ? steps[below(steps.length)]?.id : undefined;
  const effects: Effect[] = [];
  const born = new Map<string, FinishedRun['head']>();
  const violations: string[] = [];
  const say = (violation: string) => violations.push(violation);
  const lost = new Set<string>();
  let processes: Process[] = [];
  let made = 0;
  let sweeps = 0;
  let armed = false;
  let isDeployed = true;

  // --- processes and their faults ------------------------------------------------------------------------------------

  const watch = watchStore(
    world,
    { calm: mode === 'calm', noTakeovers: mode === 'calm' || (mode === 'shaky' && traits.turnMs === undefined) },
    say,
  );

  /** The one call at which a directed schedule strikes. */
  const target = {
    method: targets[below(targets.length)] as string,
    nth: 1 + below(6),
    when: chance() < 0.5 ? ('before' as const) : ('after' as const),
  };
  let struck = false;

  function later(ms: number, action: () => unknown): void {
    world.clock.schedule(world.clock.now() + ms, () => void action());
  }

  function freezeForAWhile(process: Process): void {
    later(1_000 + below(90_000), () => {
      process.thaw();
      process.trouble((call) => troubleOf(process, call));
    });
  }

  function troubleOf(process: Process, call: Call): Trouble | undefined {
    if (call.method === 'append' && mayOvertake && chance() < 0.05) overtake(call);
    const slow: Trouble | undefined = chance() < 0.3 ? { do: 'delay', ms: below(150) } : undefined;
    if (!disturbed()) return slow;
    if (mode === 'faults' || mode === 'shaky') {
      const roll = chance();
      if (roll < 0.02) return { do: 'refuse' };
      if (roll < 0.05) return { do: 'timeOut' };
      if (mode === 'shaky') return slow;
      if (roll < 0.06) return kill(process, chance() < 0.5 ? 'before' : 'after');
      if (roll < 0.075) {
        freezeForAWhile(process);
        return { do: 'stall', when: chance() < 0.5 ? 'before' : 'after' };
      }
      return slow;
    }
    if (struck || call.method !== target.method || call.nth !== target.nth) return slow;
    struck = true;
    if (mode === 'kill') return kill(process, target.when);
    later(40_000 + below(40_000), () => {
      process.thaw();
      process.trouble((next) => troubleOf(process, next));
    });
    return { do: 'stall', when: target.when };
  }

  /** An event from outside takes the place of an append that is under way (K3). */
  function overtake({ args }: Call): void {
    const [run, { format, nonce, position }] = args as [string, Chunk];
    const event = unsent.get(run)?.pop() ?? { type: 'run_signalled', name: 'noise', ...idAt(world.ids.random()) };
    const chunk: Chunk = { format, nonce, position, id: world.ids.random(), at: event.at, events: [event] };
    if (watch.isNext(run, position)) void world.store.append(run, chunk);
    else if (event.name !== 'noise') unsent.get(run)?.push(event);
  }

  function kill(process: Process, when: 'before' | 'after'): Trouble {
    bury(process);
    return { do: 'kill', when };
  }

  function bury(process: Process): void {
    processes = processes.filter((other) => other !== process);
    if (!durableQueue) later(below(5_000), () => world.gone.add(process.name));
    later(500 + below(20_000), addProcess);
  }

  function die(process: Process): void {
    if (!world.isAlive(process.name)) return;
    process.kill();
    bury(process);
  }

  /** For a while whoever comes has not got the workflow. */
  function undeploy(): void {
    const set = (deployed: boolean) => {
      isDeployed = deployed;
      for (const process of processes) process.deploy(...(deployed ? [definition] : []));
    };
    set(false);
    later(10_000 + below(60_000), () => set(true));
  }

  function addProcess(): void {
    made += 1;
    const skewMs = mode === 'calm' ? 0 : below(4_000) - 2_000;
    const process = world.process(`p${made}`, isDeployed ? [definition] : [], {
      skewMs,
      observer: {
        stepStarted({ run, key, attempt }) {
          if (!world.isAlive(process.name)) return;
          if (idOf(key) === poison) later(below(50), () => die(process));
          const lease = watch.leaseOf(process.name, run);
          effects.push({
            process: process.name,
            run,
            key,
            attempt,
            durable: watch.eventsOf(run),
            afterLoss: lost.has(`${process.name} ${run}`),
            afterLease: lease !== undefined && world.clock.now() + skewMs > lease,
          });
        },
      },
    });
    process.trouble((call) => troubleOf(process, call));
    processes.push(process);
  }

  // --- the queue -----------------------------------------------------------------------------------------------------

  const busy = new Set<string>();

  /** Takes what was sent and decides its fate. */
  function collect(): void {
    for (const { message, visibleAt } of world.messages.splice(0)) {
      const delay = Math.max(0, visibleAt - world.clock.now());
      if (!rough) handOut(message, 1, delay + below(chance() < 0.1 ? (chance() < 0.3 ? 70_000 : 8_000) : 300));
      else {
        if (disturbed() && mayBeLost(message) && chance() < 0.08) continue;
        handOut(message, 1, delay + below(chance() < 0.1 ? 50_000 : 300));
        if (disturbed() && chance() < 0.08) handOut(message, 1, delay + below(20_000));
      }
    }
  }

  /** A durable queue keeps facts that people were told are accepted; all else has somebody who looks again. */
  function mayBeLost(message: Message): boolean {
    if (mode === 'shaky') return false;
    if (message.kind === 'mail' && message.mail.event.type === 'child_settled') return backstops;
    return !durableQueue || message.kind !== 'mail';
  }

  function handOut(message: Message, receives: number, delay: number): void {
    later(delay, () => receive(message, receives));
  }

  function receive(message: Message, receives: number): void {
    const free = processes.filter(({ name }) => !busy.has(`${name} ${message.run}`));
    const process = free[below(free.length)];
    const until = traits.turnMs === undefined ? undefined : world.clock.now() + traits.turnMs;
    if (!process) {
      handOut(message, receives, 700);
      return;
    }
    const at = `${process.name} ${message.run}`;
    busy.add(at);
    lost.delete(at);
    let settled = false;
    const done = () => {
      settled = true;
      busy.delete(at);
      lost.delete(at);
    };
    process.drive(message, { receives, ...(until !== undefined && { until }) }).then(done, () => {
      done();
      if (receives < hopeless) handOut(message, receives + 1, 1_000);
    });
    // A receiver that has not answered by then is taken for dead.
    later(visibilityMs, () => {
      if (!settled && receives < 5) void receiveAgain(message, receives + 1);
      if (!world.isAlive(process.name)) busy.delete(at);
    });
  }

  /** Without backstops a message dies with its receiver, unless it brings a fact that no journal has. */
  async function receiveAgain(message: Message, receives: number): Promise<void> {
    if (backstops || (message.kind === 'mail' && !(await isHeard(message.run, message.mail.id)))) {
      receive(message, receives);
    }
  }

  async function isHeard(run: string, event: string): Promise<boolean> {
    const { head, chunks } = await world.record(run);
    return foldJournal(head.birth, chunks).heard.has(event);
  }

  world.onLoss((process, run) => lost.add(`${process} ${run}`));

  // --- people --------------------------------------------------------------------------------------------------------

  const served = new Set<string>();
  /** Signals that may overtake an append before they are sent as all others; the second time they are absorbed. */
  const unsent = new Map<string, Extract<OutsideEvent, { type: 'run_signalled' }>[]>();
  const inputs = new Map<string, PlanInput>();

  /** Sends each run the signals that its plan may take, once, at any time. */
  async function serve(): Promise<void> {
    for (const { birth, state } of (await world.store.list({}, { limit: 1_000 })).items) {
      if (served.has(birth.id)) continue;
      served.add(birth.id);
      born.set(birth.id, await world.head(birth.id));
      const input = (await inputOf(world, birth)) as PlanInput | undefined;
      // A tombstone has none.
      if (!input) continue;
      inputs.set(birth.id, input);
      const { plan: own, again: times = 0, continued } = input;
      if (continued || isSettled(state.status)) continue;
      for (const [name, count] of signalsOf(own)) {
        for (let i = 0; i < count * (times + 1); i += 1) {
          const at = below(20_000);
          const event = () => ({ type: 'run_signalled', name, ...idAt(`${name}${i}`) }) as const;
          const asAppend = chance() < 0.2 && (mode !== 'calm' || durability === 'each');
          if (mayOvertake && chance() < 0.15) {
            unsent.set(birth.id, [...(unsent.get(birth.id) ?? []), event()]);
          }
          later(at, async () => {
            unsent.set(birth.id, unsent.get(birth.id)?.filter(({ id }) => id !== `${name}${i}`) ?? []);
            if (!asAppend || !(await appendMailbox(birth.id, event()))) await tell(birth, event);
          });
        }
      }
      if (!traits.commands) continue;
      const pauseAt = below(30_000);
      later(pauseAt, () => tell(birth, () => commandEvent('run_paused')));
      if (traits.resume) later(pauseAt + 1 + below(90_000), () => tell(birth, () => commandEvent('run_resumed')));
      if (traits.cancel) {
        const event = () => ({ type: 'run_cancel_requested', epoch: 0, ...idAt(world.ids.random()) }) as const;
        later(traits.resume ? below(60_000) : pauseAt + 60_000, () => tell(birth, event));
      }
    }
  }

  const idAt = (id: string) => ({ id, at: world.clock.now() });

  function commandEvent(type: 'run_paused' | 'run_resumed'): OutsideEvent {
    return { type, epoch: 0, issuedAt: world.clock.now(), ...idAt(world.ids.random()) };
  }

  /** As an API does it, which is another process and is patient. */
  async function tell(birth: Birth, event: () => OutsideEvent): Promise<void> {
    const next = isSettled((await world.head(birth.id)).state.status) && (await successorOf(api.ports, birth.id));
    if (next) return tell((await world.head(next)).birth, event);
    await deliver(api.ports, recipientOf(api.ports, birth), event());
  }

  /** An append that no driver made, under a live driver (K3). False: the place was taken, or nobody is at the run. */
  async function appendMailbox(run: string, event: OutsideEvent): Promise<boolean> {
    const { head, chunks } = await world.record(run);
    const { current, position, heard } = foldJournal(head.birth, chunks);
    if (heard.has(event.id) || current.phase !== 'claimed' || current.leaseUntil < world.clock.now()) return false;
    const { nonce } = head.birth;
    const chunk = { format: 1, nonce, position: position + 1, id: world.ids.random(), at: event.at, events: [event] };
    return (await api.ports.store.append(run, chunk)).appended;
  }

  // --- the course of it ----------------------------------------------------------------------------------------------

  const api = world.process('api', [definition]);
  for (let i = 0; i < 2 + below(2); i += 1) addProcess();
  // Where the queue forgets, only the process that holds a start message, or everybody after its death, may use it.
  const starter = durableQueue ? api : (processes[0] as Process);
  const roots: string[] = [];
  for (let i = 0; i < traits.runs; i += 1) {
    roots.push(await world.until(startIn(starter, definition, { plan, again })));
  }
  armed = true;
  if (traits.deploys) later(below(150_000), undeploy);

  function tick(): void {
    const sweeper = processes[below(processes.length)];
    if (sweeper) {
      sweeps += 1;
      void sweep(sweeper.ports).catch(() => {});
      if (chance() < 0.2) void sweep((processes[below(processes.length)] ?? sweeper).ports).catch(() => {});
    }
    later(world.clock.now() < began + 10 * minute ? 7_000 : 30_000, tick);
  }
  tick();

  const end = began + faultsMs + patienceMs;
  for (let round = 0; ; round += 1) {
    if (round > maxRounds) say('(5) it never comes to rest');
    if (round > maxRounds) break;
    await world.settle();
    collect();
    await serve();
    if (world.clock.now() > end || (await isOver())) break;
    await world.clock.advanceToNext();
  }

  async function isOver(): Promise<boolean> {
    if (world.messages.length > 0 || processes.length === 0) return false;
    const { items } = await world.store.list({}, { limit: 1_000 });
    return items.every(({ state }) => isSettled(state.status)) && served.size === items.length;
  }

  // --- what came of it -----------------------------------------------------------------------------------------------

  const blocks = traits.deploys ? ['not_deployed'] : [];
  for (const id of served) {
    const { head, chunks } = await world.record(id);
    if (watch.isBornLate(id) && effects.some(({ run }) => run === id))
      say(`run ${id}: was born after its parent's end`);
    if (chunks.length === 0 && head.state.status === 'cancelled') continue;
    const finished = { head, chunks, born: born.get(id) ?? head };
    violations.push(...checkRecords(finished, blocks));
    const own = effects.filter(({ run }) => run === id);
    const children = [...born.values()].filter(
      ({ birth }) => birth.parent?.id === id && !inputs.get(birth.id)?.continued,
    );
    const ids = children.map(({ birth }) => birth.id);
    violations.push(...(await checkEffects(api.ports, definition, finished, own, ids)));
    if (poison !== undefined) violations.push(...checkBlame(finished, poison));
  }
  if (mode === 'calm') violations.push(...checkOnce(effects));
  violations.push(...checkAtMostOnce(effects, once));
  const changes = traits.cancel || traits.timeoutMs !== undefined || poison !== undefined;
  const lacksChildren = traits.deploys && anyPart(plan, (part) => part.do === 'child');
  if (!changes && !lacksChildren && isDeterministic(plan)) {
    violations.push(...(await compare(seed, world, roots, plan)));
  }
  return { seed, mode, violations, runs: served.size, effects: effects.length, sweeps };
}

/** What a run was started with, its payload perhaps a blob. */
async function inputOf(world: World, { input }: Birth): Promise<unknown> {
  return input === undefined ? undefined : fromJson(await loadPayload(world, input));
}

async function resultOf(world: World, run: string): Promise<string> {
  const { head, chunks } = await world.record(run);
  const { current } = foldJournal(head.birth, chunks);
  if (current.phase !== 'settled') return current.phase;
  const { end } = current;
  if (end.type !== 'run_completed') return `${end.type} ${end.error.name}: ${end.error.message}`;
  if (end.continuedAs) return resultOf(world, end.continuedAs.id);
  return end.output === undefined ? 'nothing' : loadPayload(world, end.output);
}

/** What is deterministic comes out as it does without any fault. */
async function compare(seed: number, world: World, roots: string[], plan: Plan): Promise<string[]> {
  const calm = await undisturbedResult(plan);
  const found: string[] = [];
  for (const run of roots) {
    const result = await resultOf(world, run);
    if (result !== calm) found.push(`run ${run} of seed ${seed}: (2) ended with ${result}, undisturbed with ${calm}`);
  }
  return found;
}

async function undisturbedResult(plan: Plan): Promise<string> {
  const world = createWorld({ seed: 1 });
  const definition = interpreter(world.sleep, 'each');
  const one = world.process('one', [definition]);
  const run = await startIn(one, definition, { plan });
  const told = new Set<string>();
  for (let round = 0; round < 10_000; round += 1) {
    for (const { birth } of (await world.store.list({}, { limit: 1_000 })).items) {
      if (told.has(birth.id)) continue;
      told.add(birth.id);
      const { plan: own } = JSON.parse(String(birth.input)) as PlanInput;
      for (const [name, count] of signalsOf(own)) {
        for (let i = 0; i < count; i += 1) {
          const event = { type: 'run_signalled', id: `${name}${i}`, at: world.clock.now(), name } as const;
          await deliver(one.ports, recipientOf(one.ports, birth), event);
        }
      }
    }
    if (isSettled((await world.head(run)).state.status)) break;
    const [next] = world.messages.sort((a, b) => a.visibleAt - b.visibleAt);
    if (!next) break;
    world.messages.splice(0, 1);
    if (next.visibleAt > world.clock.now()) await world.advance(next.visibleAt - world.clock.now());
    await world.until(one.drive(next.message));
  }
  return resultOf(world, run);
}
