/**
 * What goes wrong between a process and its store, queue and blobs.
 *
 * Owns: the fault of each call. Does not own: who lives.
 */
import type { Chunk } from '../../lib/kernel/events.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import type { Call, Process, Trouble } from '../kernel/harness.ts';
import type { FaultKind } from './fate.ts';
import { rates } from './fate.ts';
import { type Moment, momentOf, moments } from './moments.ts';
import { faultsMs, type Setting, shortThrottleMs, throttleMs } from './setting.ts';
import type { Traits } from './traits.ts';

export interface Troubles {
  of(process: Process, call: Call): Trouble | undefined;
  /** The same for who answers people: it may die, and never freezes. */
  ofApi(call: Call): Trouble | undefined;
  /** A step has begun in the process. `isOnce`: it runs at most once. */
  inStep(process: Process, step: { key: string; place: string; isOnce: boolean }): void;
  /** From now on the store refuses most calls, for a while. */
  throttle(): void;
}

interface Acts {
  bury(process: Process): void;
  die(process: Process, why: string): void;
  /** Ends the process once its steps have had `graceMs`. */
  shutDown(process: Process, graceMs: number): void;
  /** An event from outside takes the place of the append. */
  overtake(run: string, chunk: Chunk, place: string): void;
  mayOvertake: boolean;
  /** People do at once what they are about to do to the run. */
  hurry(run: string, place: string): void;
  /** The store has not answered the process for so long that it leaves the run to others. */
  givenUp(process: string, run: string): void;
  /** Calls back when the run has been deleted and started anew. False: that will not be. */
  whenReborn(run: string, callback: () => void): boolean;
}

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
  'readEnd',
  'listDue',
];
/** Whatever is to come first has come by then. */
const rebirthMs = 3_000;
/** Of the calls that take long so many take longer than a lease. */
const longShare = 0.15;
const longestMs = 4_000;
/** So long after a slow call the one that was faster dies, at most. */
const rivalMs = 300;
const { leaseMs } = defaultLimits;
/** So long after a step's beginning something happens to its process, at most. */
const inStepMs = 2_000;
/** So many directed schedules are about a moment at which much can happen to such runs. */
const likelyShare = 0.3;
const drainShare = 0.3;
const drainMs = 4_000;
const throttledShare = 0.7;
const slowMs = 150;
/** Of the calls of who answers people, where runs are born again, so many take seconds. */
const dawdleShare = 0.2;

export function createTroubles(setting: Setting, acts: Acts): Troubles {
  const { fate, world, later, tell } = setting;
  const { mode, seed, traits } = setting.case;
  /** The one call at which a directed schedule strikes. */
  const target = {
    method: targets[fate.below('target method', targets.length)] as string,
    nth: 1 + fate.below('target nth', seed % 3 === 0 ? 40 : 6),
    when: fate.at('target when')() < 0.5 ? ('before' as const) : ('after' as const),
  };
  /** In half of the directed schedules it is a call of one meaning, whoever makes it. */
  const isLikely = mode !== 'reborn' && fate.at('target likely')() < likelyShare;
  const moment = isLikely ? likely(traits) : moments[fate.below('target moment', moments.length)];
  const isByMoment = mode === 'moment' || mode === 'reborn' || fate.at('target by moment')() < 0.5;
  /** One call is struck, and everything else goes on. */
  const isDirected = mode === 'stall' || mode === 'kill' || mode === 'reborn';
  let momentsLeft =
    mode === 'moment' ? Number.POSITIVE_INFINITY : 1 + fate.below('target nth moment', isLikely ? 2 : 5);
  let drains = traits.receiver === 'worker' && fate.at('drains')() < drainShare;
  let stepsToDrain = fate.below('drain at', 20);
  let struck = false;
  let throttledUntil = 0;
  /** In a row, of each process for each method and run. */
  const refusals = new Map<string, number>();

  const placeOf = ({ process, method, nth }: Call) => `${process} ${method} ${nth}`;

  /** A receiver that nobody sends anything waits for long: what was to happen afterwards happens before. */
  function whenOf({ method }: Call, when: 'before' | 'after'): 'before' | 'after' {
    return method === 'receive' ? 'before' : when;
  }

  function freezeFor(process: Process, ms: number, call: Call, when: 'before' | 'after'): Trouble {
    tell(process.name, `freezes ${when} its ${call.method} for ${ms} ms`);
    later(ms, () => thaw(process));
    return { do: 'stall', when };
  }

  function thaw(process: Process): void {
    process.thaw();
    tell(process.name, 'thaws');
    process.trouble((next) => of(process, next));
  }

  /** The one that a directed schedule is about. */
  function isTarget(call: Call): boolean {
    if (!isByMoment) return call.method === target.method && call.nth === target.nth;
    if (momentOf(call)?.moment !== moment) return false;
    momentsLeft -= 1;
    return momentsLeft === 0;
  }

  /** The process freezes past its lease, or until its run is gone and another has come in its place. */
  function strike(process: Process, call: Call, chance: () => number): Trouble {
    const { when } = target;
    if (mode === 'kill') return kill(process, call, when);
    const about = momentOf(call);
    if (about) acts.hurry(about.run, placeOf(call));
    const waits =
      about && acts.whenReborn(about.run, () => later(Math.floor(chance() * rebirthMs), () => thaw(process)));
    if (!waits) return freezeFor(process, 40_000 + Math.floor(chance() * 40_000), call, when);
    tell(process.name, `freezes ${when} its ${call.method} until ${setting.nameOf(about.run)} is born again`);
    return { do: 'stall', when };
  }

  /** By run, who wanted to write to its journal last. */
  const lastAppends = new Map<string, string>();
  /** Appends that wait for another process's append to their run. */
  const waiting = new Map<string, { process: string; go(): void }>();

  function meet({ process }: Call, run: string): Trouble {
    tell(process, `waits for another append to ${setting.nameOf(run)}`);
    const met = new Promise<void>((resolve) => {
      waiting.set(run, { process, go: resolve });
      later(longestMs, resolve);
    });
    return { do: 'wait', for: met };
  }

  /** Whoever waits for it goes first. */
  function meetOther({ method, args, process }: Call): Trouble | undefined {
    const other = method === 'append' ? waiting.get(args[0] as string) : undefined;
    if (!other || other.process === process) return undefined;
    waiting.delete(args[0] as string);
    other.go();
    return { do: 'delay', ms: 1 };
  }

  /** One call takes long, and whoever has something to say to the run says it just then. */
  function linger(call: Call, place: string, chance: () => number): Trouble | undefined {
    const about = momentOf(call);
    if (about?.moment !== moment || !about || !fate.strikes('moment', place)) return undefined;
    if (call.method === 'append' && fate.strikes('meet', place)) {
      acts.hurry(about.run, place);
      return meet(call, about.run);
    }
    const share = chance();
    const long = share < longShare ? leaseMs + Math.floor(share * 200_000) : Math.floor(share * share * longestMs);
    const ms = Math.min(long, setting.began + faultsMs - world.clock.now());
    tell(call.process, `${about.moment} of ${setting.nameOf(about.run)}, and that takes ${ms} ms`);
    acts.hurry(about.run, place);
    if (fate.strikes('rival', place))
      later(ms + fate.below(`rival ${place}`, rivalMs), () => killRival(call, about.run));
    return { do: 'delay', ms };
  }

  /** Whoever has taken the run meanwhile dies soon after the call is over. */
  function killRival({ process }: Call, run: string): void {
    const name = lastAppends.get(run);
    const rival = setting.processes.find((other) => other.name === name);
    if (rival && name !== process) acts.die(rival, `it had taken ${setting.nameOf(run)}`);
  }

  /** Any call of a deletion takes long. */
  function dawdle(call: Call, place: string, chance: () => number): Trouble | undefined {
    if (chance() >= dawdleShare || !fate.allows('slow', place)) return undefined;
    const ms = Math.floor(chance() * longestMs);
    tell(call.process, `waits ${ms} ms for its ${call.method}`);
    return { do: 'delay', ms };
  }

  function kill(process: Process, call: Call, when: 'before' | 'after'): Trouble {
    tell(process.name, `dies ${when} its ${call.method}`);
    acts.bury(process);
    return { do: 'kill', when };
  }

  function of(process: Process, call: Call): Trouble | undefined {
    const trouble = troubleOf(process, call);
    countRefusals(call, trouble);
    return trouble;
  }

  /** Whoever is refused the same so often gives the run up, which is then somebody else's. */
  function countRefusals({ process, method, args: [run] }: Call, trouble: Trouble | undefined): void {
    if (typeof run !== 'string') return;
    const about = `${process} ${method} ${run}`;
    const isRefused = trouble?.do === 'refuse' || trouble?.do === 'timeOut';
    const inARow = isRefused ? (refusals.get(about) ?? 0) + 1 : 0;
    refusals.set(about, inARow);
    if (inARow > defaultLimits.storeRetries) acts.givenUp(process, run);
  }

  function troubleOf(process: Process, call: Call): Trouble | undefined {
    const place = placeOf(call);
    const chance = fate.at(place);
    if (call.method === 'append' && acts.mayOvertake) {
      const [run, chunk] = call.args as [string, Chunk];
      acts.overtake(run, chunk, place);
    }
    if (call.method === 'append') lastAppends.set(call.args[0] as string, call.process);
    if (!setting.disturbed()) return slowness(call, place, chance);
    if (mode === 'faults' || mode === 'shaky') {
      const trouble = scattered(process, call, place, chance);
      if (trouble) return trouble;
    }
    if (isDirected) {
      if (!struck && isTarget(call) && fate.allows('strike', place)) {
        struck = true;
        return strike(process, call, chance);
      }
    }
    if (mode === 'moment') {
      return meetOther(call) ?? linger(call, place, chance) ?? slowness(call, place, chance);
    }
    return slowness(call, place, chance);
  }

  function scattered(process: Process, call: Call, place: string, chance: () => number): Trouble | undefined {
    const kinds: FaultKind[] = mode === 'shaky' ? ['refuse', 'timeOut'] : ['refuse', 'timeOut', 'kill', 'stall'];
    const kind = fallsOn(kinds, chance());
    const when = whenOf(call, chance() < 0.5 ? 'before' : 'after');
    const share = chance();
    if (kind && fate.allows(kind, place)) {
      if (kind === 'kill') return kill(process, call, when);
      if (kind === 'stall') return freezeFor(process, 1_000 + Math.floor(share * 90_000), call, when);
      return unanswered(call, kind === 'refuse' ? 'refuse' : 'timeOut');
    }
    return throttled(call, chance);
  }

  function ofApi(call: Call): Trouble | undefined {
    const place = placeOf(call);
    const chance = fate.at(place);
    if (setting.disturbed() && mode === 'moment') return linger(call, place, chance) ?? slowness(call, place, chance);
    if (setting.disturbed() && mode === 'reborn') return dawdle(call, place, chance) ?? slowness(call, place, chance);
    if (!setting.disturbed() || (mode !== 'faults' && mode !== 'shaky')) return slowness(call, place, chance);
    const kind = fallsOn(['refuse', 'timeOut'], chance());
    if (kind && fate.allows(kind, place)) return unanswered(call, kind === 'refuse' ? 'refuse' : 'timeOut');
    return throttled(call, chance) ?? slowness(call, place, chance);
  }

  function inStep(process: Process, { key, place, isOnce }: { key: string; place: string; isOnce: boolean }): void {
    if (!setting.disturbed() || mode === 'calm' || mode === 'poison' || mode === 'shaky') return;
    const ms = fate.below(`in ${place}`, inStepMs);
    if (mode === 'faults' && fate.strikes('crash', place)) later(ms, () => acts.die(process, `in ${key}`));
    const isAbout = moment === (isOnce ? 'runs a step that runs at most once' : 'runs a step');
    if (isDirected && isByMoment && isAbout && !struck) {
      momentsLeft -= 1;
      if (momentsLeft > 0 || !fate.allows('strike', place)) return;
      struck = true;
      later(ms, () => (mode === 'kill' ? acts.die(process, `in ${key}`) : freezeInStep(process, key, place)));
    }
    stepsToDrain -= isOnce ? Math.max(1, stepsToDrain) : 1;
    if (drains && stepsToDrain <= 0 && fate.allows('drain', place)) {
      drains = false;
      acts.shutDown(process, fate.below(`drain ${place}`, drainMs));
    }
  }

  function freezeInStep(process: Process, key: string, place: string): void {
    if (!world.isAlive(process.name)) return;
    const ms = 40_000 + fate.below(`freeze ${place}`, 40_000);
    tell(process.name, `freezes in ${key} for ${ms} ms`);
    process.freeze();
    later(ms, () => thaw(process));
  }

  function throttled(call: Call, chance: () => number): Trouble | undefined {
    if (world.clock.now() >= throttledUntil || chance() >= throttledShare) return undefined;
    return unanswered(call, 'refuse');
  }

  function unanswered(call: Call, fault: 'refuse' | 'timeOut'): Trouble {
    tell(
      call.process,
      `is told that its ${call.method} failed, ${fault === 'refuse' ? 'and it did' : 'though it did not'}`,
    );
    return { do: fault };
  }

  function slowness({ process, method }: Call, place: string, chance: () => number): Trouble | undefined {
    if (chance() >= rates.slow || !fate.allows('slow', place)) return undefined;
    const ms = Math.floor(chance() * slowMs);
    tell(process, `waits ${ms} ms for its ${method}`);
    return { do: 'delay', ms };
  }

  return {
    of,
    ofApi,
    inStep,
    throttle() {
      const ms = mode === 'shaky' ? shortThrottleMs : throttleMs;
      throttledUntil = world.clock.now() + ms;
      tell('store', `throttles for ${ms} ms`);
    },
  };
}

function likely({ again, reborn, durableQueue }: Traits): Moment {
  if (again > 0 || reborn) return 'closes the head';
  return durableQueue ? 'raises the head' : 'parks again';
}

/** Which of the kinds a number from 0 to 1 falls on, each as wide as its rate. */
function fallsOn(kinds: FaultKind[], number: number): FaultKind | undefined {
  let from = 0;
  for (const kind of kinds) {
    from += rates[kind];
    if (number < from) return kind;
  }
  return undefined;
}
