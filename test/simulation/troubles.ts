/**
 * What goes wrong between a process and its store, queue and blobs.
 *
 * Owns: the fault of each call. Does not own: who lives.
 */
import type { Chunk } from '../../lib/kernel/events.ts';
import type { Call, Process, Trouble } from '../kernel/harness.ts';
import type { FaultKind } from './fate.ts';
import { rates } from './fate.ts';
import { type Setting, shortThrottleMs, throttleMs } from './setting.ts';

export interface Troubles {
  of(process: Process, call: Call): Trouble | undefined;
  /** The same for who answers people: it may die, and never freezes. */
  ofApi(call: Call): Trouble | undefined;
  /** From now on the store refuses most calls, for a while. */
  throttle(): void;
}

interface Acts {
  bury(process: Process): void;
  /** An event from outside takes the place of the append. */
  overtake(run: string, chunk: Chunk): void;
  mayOvertake: boolean;
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
const throttledShare = 0.7;
const slowMs = 150;

export function createTroubles(setting: Setting, acts: Acts): Troubles {
  const { fate, world, later, tell } = setting;
  const { mode, seed } = setting.case;
  /** The one call at which a directed schedule strikes. */
  const target = {
    method: targets[fate.below('target method', targets.length)] as string,
    nth: 1 + fate.below('target nth', seed % 3 === 0 ? 40 : 6),
    when: fate.at('target when')() < 0.5 ? ('before' as const) : ('after' as const),
  };
  let struck = false;
  let throttledUntil = 0;

  const placeOf = ({ process, method, nth }: Call) => `${process} ${method} ${nth}`;

  /** A receiver that nobody sends anything waits for long: what was to happen afterwards happens before. */
  function momentOf({ method }: Call, when: 'before' | 'after'): 'before' | 'after' {
    return method === 'receive' ? 'before' : when;
  }

  function freezeFor(process: Process, ms: number, call: Call, when: 'before' | 'after'): Trouble {
    tell(process.name, `freezes ${when} its ${call.method} for ${ms} ms`);
    later(ms, () => {
      process.thaw();
      tell(process.name, 'thaws');
      process.trouble((next) => of(process, next));
    });
    return { do: 'stall', when };
  }

  function kill(process: Process, call: Call, when: 'before' | 'after'): Trouble {
    tell(process.name, `dies ${when} its ${call.method}`);
    acts.bury(process);
    return { do: 'kill', when };
  }

  function of(process: Process, call: Call): Trouble | undefined {
    const place = placeOf(call);
    const chance = fate.at(place);
    if (call.method === 'append' && acts.mayOvertake && fate.strikes('overtake', place)) {
      const [run, chunk] = call.args as [string, Chunk];
      acts.overtake(run, chunk);
    }
    if (!setting.disturbed()) return slowness(call, place, chance);
    if (mode === 'faults' || mode === 'shaky') {
      const trouble = scattered(process, call, place, chance);
      if (trouble) return trouble;
    }
    if (mode === 'stall' || mode === 'kill') {
      if (!struck && call.method === target.method && call.nth === target.nth && fate.allows('strike', place)) {
        struck = true;
        if (mode === 'kill') return kill(process, call, target.when);
        return freezeFor(process, 40_000 + Math.floor(chance() * 40_000), call, target.when);
      }
    }
    return slowness(call, place, chance);
  }

  function scattered(process: Process, call: Call, place: string, chance: () => number): Trouble | undefined {
    const kinds: FaultKind[] = mode === 'shaky' ? ['refuse', 'timeOut'] : ['refuse', 'timeOut', 'kill', 'stall'];
    const kind = fallsOn(kinds, chance());
    const when = momentOf(call, chance() < 0.5 ? 'before' : 'after');
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
    if (!setting.disturbed() || (mode !== 'faults' && mode !== 'shaky')) return slowness(call, place, chance);
    const kind = fallsOn(['refuse', 'timeOut'], chance());
    if (kind && fate.allows(kind, place)) return unanswered(call, kind === 'refuse' ? 'refuse' : 'timeOut');
    return throttled(call, chance) ?? slowness(call, place, chance);
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
    throttle() {
      const ms = mode === 'shaky' ? shortThrottleMs : throttleMs;
      throttledUntil = world.clock.now() + ms;
      tell('store', `throttles for ${ms} ms`);
    },
  };
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
