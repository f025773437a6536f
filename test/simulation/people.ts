/**
 * Who starts runs, signals, pauses, resumes, cancels and deletes them: through the service, by an API whose calls fail as
 * all others do, and which people ask again until they get an answer.
 *
 * Owns: what runs are told when, and that an answer is kept.
 */
import type { Birth, Chunk, JournalEvent, OutsideEvent } from '../../lib/kernel/events.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import { isSettled } from '../../lib/kernel/head.ts';
import { foldJournal, isParking } from '../../lib/kernel/journal.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import { successorOf } from '../../lib/kernel/successor.ts';
import type { StartRunRequest } from '../../lib/service/api.ts';
import { deleteRun } from '../../lib/service/delete-run.ts';
import { startRun } from '../../lib/service/start-run.ts';
import { cancelRun, createIssuer, pauseRun, resumeRun, signalRun } from '../../lib/service/tell-run.ts';
import type { Process } from '../kernel/harness.ts';
import { olderRecord } from './newer-format.ts';
import type { Setting } from './setting.ts';
import type { Telling, Workload } from './workload.ts';

export interface People {
  /** Starts the runs of the schedule; answers with their ids once all are accepted. */
  start(): Promise<string[]>;
  /** Tells a run that has just been seen all that it may want to hear. */
  serve(birth: Birth, input: unknown): void;
  /** What comes in the place of an append that is under way, if anything does. `place` names the append. */
  overtake(run: string, chunk: Chunk, place: string): void;
  /** Does now what is to be done to the run next. */
  hurry(run: string): void;
  /** Deletes a run that has settled, and starts it anew under its key. Resolves when that is done. */
  bearAgain(run: string): Promise<void>;
  /** Facts that the API has answered for: by run, with the time of the answer. */
  readonly accepted: { run: string; event: string; at: number }[];
}

interface Acts {
  api: Process;
  /** Those that start runs and live. */
  starters(): readonly Process[];
  workload: Workload;
  isNext(run: string, position: number): boolean;
  hasHeard(run: string, event: string): boolean;
  isParked(run: string): boolean;
  mayOvertake: boolean;
}

type Signal = Extract<OutsideEvent, { type: 'run_signalled' }>;

const tellingMs = 20_000;
const pauseMs = 30_000;
const soonMs = 6_000;
const resumeMs = 90_000;
const againMs = 60_000;
const cancelMs = 60_000;
const apiPauseMs = 3_000;
const maxCalls = 100;
/** A caller that has had no answer for so long asks another process. */
const callMs = 60_000;
const appendShare = 0.2;
const overtakeShare = 0.25;
const hastyMs = 1_500;
/** Of those who start a run anew so many do not wait until it is deleted. */
const hastyShare = 0.5;
const hurryMs = 300;
const mailboxFormat = 1;

export function createPeople(
  setting: Setting,
  { api, starters, workload, isNext, hasHeard, isParked, mayOvertake }: Acts,
): People {
  const { world, fate, later, tell, nameOf } = setting;
  const { mode, traits } = setting.case;
  const issue = createIssuer(world.clock);
  /** Signals that may overtake an append before they are sent as all others; the second time they are absorbed. */
  const unsent = new Map<string, Signal[]>();
  const accepted: People['accepted'] = [];
  /** What is to be done to each run, and when. */
  const plans = new Map<string, { at: number; act(): void }[]>();

  function plan(run: string, ms: number, act: () => unknown): void {
    const planned = { at: world.clock.now() + ms, act };
    plans.set(run, [...(plans.get(run) ?? []), planned]);
    later(ms, () => carryOut(run, planned));
  }

  /** Nothing if that has been done already. */
  function carryOut(run: string, planned: { act(): void }): void {
    const left = plans.get(run) ?? [];
    if (!left.includes(planned as (typeof left)[number])) return;
    plans.set(
      run,
      left.filter((other) => other !== planned),
    );
    planned.act();
  }

  /** As a client does that tries until it is answered. Undefined: the answer is that it cannot be. */
  async function ask<T>(ports: Ports, place: string, call: (ports: Ports) => Promise<T>): Promise<T | undefined> {
    for (let nth = 1; nth <= maxCalls; nth += 1) {
      try {
        return await call(ports);
      } catch (error) {
        if (isFault(error, 'settled') || isFault(error, 'not_found')) return undefined;
        if (!isFault(error, 'unavailable')) throw error;
        await world.sleep(1 + fate.below(`${place} again ${nth}`, apiPauseMs));
      }
    }
    throw new Error(`The API did not answer ${maxCalls} times: ${place}`);
  }

  // --- starting ------------------------------------------------------------------------------------------------------

  /** One caller: it asks somebody else if whom it asked has died. */
  async function startBy(place: string, first: number, request: StartRunRequest): Promise<string> {
    for (let nth = 0; ; nth += 1) {
      const living = starters();
      const starter = living[(first + nth) % living.length];
      if (!starter) {
        await world.sleep(callMs);
        continue;
      }
      tell('people', `start a run${request.key === undefined ? '' : ` as '${request.key}'`} through ${starter.name}`);
      const answer = ask(starter.ports, `${place} ${nth}`, (ports) => startRun(ports, request));
      const begun = await Promise.race([answer, world.sleep(callMs)]);
      if (begun) return begun.head.birth.id;
      // Nobody answered, or whoever did had not got the workflow.
      await world.sleep(apiPauseMs);
    }
  }

  async function startOne(index: number): Promise<string> {
    const { root, input } = workload;
    const request = { workflow: root.name, version: root.version, input };
    if (!traits.twice) return startBy(`start ${index}`, 0, request);
    const callers = [0, 1].map(async (caller) => {
      const place = `start ${index} by ${caller}`;
      await world.sleep(fate.below(place, 100));
      return startBy(place, caller, { ...request, key: `order ${index}` });
    });
    const ids = new Set(await Promise.all(callers));
    if (ids.size !== 1) throw new Error(`One key, ${ids.size} runs`);
    return [...ids][0] as string;
  }

  // --- telling -------------------------------------------------------------------------------------------------------

  function signalOf({ name, key, payload }: Telling): Signal {
    const id = world.ids.digest(`signal\n${name}\n${key}`);
    const text = payload === undefined ? undefined : JSON.stringify(payload);
    return { type: 'run_signalled', id, at: world.clock.now(), name, ...(text !== undefined && { payload: text }) };
  }

  function tellLater(run: string, telling: Telling): void {
    const place = `${nameOf(run)} ${telling.key}`;
    const asAppend = mayOvertake && fate.at(`append ${place}`)() < appendShare;
    if (mayOvertake && fate.at(`overtaking ${place}`)() < overtakeShare) {
      unsent.set(run, [...(unsent.get(run) ?? []), signalOf(telling)]);
    }
    plan(run, fate.below(`time of ${place}`, tellingMs), async () => {
      const { id } = signalOf(telling);
      unsent.set(run, unsent.get(run)?.filter((other) => other.id !== id) ?? []);
      if (asAppend && (await appendMailbox(run, signalOf(telling)))) return;
      tell('people', `signal ${nameOf(run)}: ${telling.name}`);
      await say(run, place, (ports, id) => signalRun(ports, id, telling.name, telling));
      if (telling.repeats ? !fate.allows('repeat', place) : !fate.strikes('repeat', place)) return;
      plan(run, fate.below(`again ${place}`, tellingMs), () => {
        tell('people', `signal ${nameOf(run)} once more: ${telling.name}`);
        return ask(api.ports, `${place} again`, (ports) => signalRun(ports, run, telling.name, telling));
      });
    });
  }

  /** Tells the run, or the last of those that went on from it. */
  async function say(
    run: string,
    place: string,
    call: (ports: Ports, run: string) => Promise<{ eventId: string }>,
  ): Promise<void> {
    const answer = await ask(api.ports, place, (ports) => call(ports, run));
    if (answer) return void accepted.push({ run, event: answer.eventId, at: world.clock.now() });
    const next = await ask(api.ports, place, (ports) => successorOf(ports, run));
    if (next !== undefined) return say(next, place, call);
  }

  function command(run: string): void {
    const name = nameOf(run);
    const after = (what: string, most: number) => fate.below(`${name} ${what}`, most);
    const pauseAt = after('pause', fate.at(`soon ${name}`)() < 0.5 ? soonMs : pauseMs);
    const issued = (what: string, at: number, call: typeof pauseRun, againIn?: number) => {
      if (!fate.allows('command', `${what} ${name}`)) return;
      plan(run, at, () => {
        tell('people', `${what} ${name}`);
        const issuedAt = issue();
        const sayIt = (place: string) => say(run, place, (ports, id) => call(ports, id, {}, issuedAt));
        // As a client does that has not heard an answer.
        if (againIn !== undefined && fate.strikes('repeat', `${what} ${name}`)) {
          plan(run, againIn, () => {
            tell('people', `${what} ${name}, once more`);
            return sayIt(`${what} ${name} again`);
          });
        }
        return sayIt(`${what} ${name}`);
      });
    };
    const resumesIn = 1 + after('resume', fate.strikes('hasty', `resume ${name}`) ? hastyMs : resumeMs);
    const pausesAgainIn = resumesIn + after('pause again', againMs);
    if (!traits.resume || fate.allows('command', `resume ${name}`)) {
      issued('pause', pauseAt, pauseRun, traits.resume ? pausesAgainIn : undefined);
    }
    if (traits.resume) issued('resume', pauseAt + resumesIn, resumeRun);
    if (traits.cancel) {
      issued('cancel', traits.resume ? after('cancel', cancelMs) : pauseAt + cancelMs, (ports, id) =>
        cancelRun(ports, id, {}),
      );
    }
  }

  /** An append that no driver made, under a live driver (K3). False: the place was taken, or nobody is at the run. */
  async function appendMailbox(run: string, event: OutsideEvent): Promise<boolean> {
    const record = await world.store.read(run);
    if (!record) return false;
    const { head, chunks } = olderRecord(record);
    const { current, position, heard } = foldJournal(head.birth, chunks);
    if (heard.has(event.id) || current.phase !== 'claimed' || current.leaseUntil < world.clock.now()) return false;
    return putMailbox(run, head.birth.nonce, position + 1, event);
  }

  async function putMailbox(run: string, nonce: string, position: number, event: OutsideEvent): Promise<boolean> {
    const id = world.ids.random();
    const chunk = { format: mailboxFormat, nonce, position, id, at: event.at, events: [event] };
    return (await world.store.append(run, chunk)).appended;
  }

  return {
    accepted,

    async start() {
      return Promise.all(Array.from({ length: traits.runs }, (_, index) => startOne(index)));
    },

    serve(birth, input) {
      for (const telling of workload.tellings(birth, input)) tellLater(birth.id, telling);
      const { continued } = (input ?? {}) as { continued?: true };
      if (traits.commands && !continued) command(birth.id);
    },

    hurry(run) {
      const [next] = [...(plans.get(run) ?? [])].sort((a, b) => a.at - b.at);
      if (next) later(fate.below(`hurry ${nameOf(run)} ${next.at}`, hurryMs), () => carryOut(run, next));
    },

    overtake(run, { nonce, position, events }, place) {
      // Nobody is at a run that is put aside once more: there an event comes as mail.
      if (events.length === 1 && isParking(events[0] as JournalEvent) && isParked(run)) return;
      const mayPreempt = (unsent.get(run)?.length ?? 0) > 0 && fate.strikes('preempt', place);
      if (!mayPreempt && !fate.strikes('overtake', place)) return;
      const event = unsent.get(run)?.pop();
      if (event && hasHeard(run, event.id)) return;
      const noise: Signal = {
        type: 'run_signalled',
        name: 'noise',
        id: `noise ${world.ids.random()}`,
        at: world.clock.now(),
      };
      if (isNext(run, position)) void putMailbox(run, nonce, position, event ?? noise);
      else if (event) unsent.get(run)?.push(event);
    },

    async bearAgain(run) {
      const head = await world.store.readHead(run);
      if (!head || !isSettled(head.state.status)) return;
      tell('people', `delete ${nameOf(run)} and start it anew`);
      const { root, input } = workload;
      const key = head.birth.idempotencyKey as string;
      const bear = (place: string) => startBy(place, 0, { workflow: root.name, version: root.version, input, key });
      const isHasty = mode === 'reborn' && fate.at(`hasty ${run}`)() < hastyShare;
      const hasty = isHasty && world.sleep(fate.below(`hasty ${run} after`, hurryMs)).then(() => bear(`hasty ${run}`));
      await ask(api.ports, `delete ${run}`, (ports) => deleteRun(ports, run));
      await bear(`anew ${run}`);
      await hasty;
    },
  };
}
