/**
 * The queue of a schedule: who gets which message when, how often, and which never arrive.
 *
 * Owns: loss, repetition and order of messages, and dead letters. Does not own: what a receiver does with one.
 */
import type { Delivery, Message, Queue } from '../../lib/ports/queue.ts';
import { driveBatch } from '../../lib/service/drive-batch.ts';
import { retryDelayMs } from '../../lib/service/messages.ts';
import { createWorker, type Worker } from '../../lib/service/worker.ts';
import type { Process } from '../kernel/harness.ts';
import type { FaultKind } from './fate.ts';
import { minute, type Setting } from './setting.ts';

export interface Post {
  /** The queue as a process sees it. */
  queueOf(process: string): Partial<Queue>;
  /** The process takes messages from now on. */
  open(process: Process): void;
  /** The run has been deleted and started anew: what was kept back comes now. */
  haunt(run: string): void;
  /** Loses the next fact that is sent to the run, if the queue may forget it. */
  loseNext(run: string): void;
  /** Lets the process end, its steps within `graceMs`. Resolves when it has handed back all that it had. */
  drain(process: string, graceMs: number): Promise<void>;
  /** Nothing is on its way. */
  readonly isEmpty: boolean;
  /** Whether the process is at the run anyway. */
  isDriving(process: string, run: string): boolean;
}

interface Witness {
  /** Whether a journal holds the fact. */
  isHeard(run: string, event: string): Promise<boolean>;
  /** Told of every message before anything happens to it. */
  sent(message: Message): void;
  /** Told of every message that a process gets. */
  received(process: string, message: Message): void;
}

interface Letter {
  message: Message;
  /** What it is called: its kind, its run, and which of those it is. */
  place: string;
  /** Who sent it. */
  from: string;
}

const receiveLimit = 5;
const batchMs = 200;
const busyMs = 700;
const longestTurnMs = 15 * minute;
const deadInvisibleMs = 30_000;
const atOnceMs = 300;
const ghostMs = 3_000;

export function createPost(setting: Setting, { isHeard, sent, received }: Witness): Post {
  const { world, fate, later, tell } = setting;
  const { mode, backstops, traits } = setting.case;
  const { durableQueue, receiver, turnMs, outage, visibilityMs } = traits;
  const rough = mode !== 'calm' && mode !== 'poison';
  const counts = new Map<string, number>();
  const busy = new Set<string>();
  const workers = new Map<string, Worker>();
  const trays = new Map<string, Delivery[]>();
  const waiting = new Map<string, (deliveries: Delivery[]) => void>();
  const underWay = new Map<string, { letter: Letter; receives: number }>();
  let dead: { letter: Letter; receipt: string; visibleAt: number }[] = [];
  /** Runs whose next mail is lost. */
  const losing = new Set<string>();
  const ghosts = new Map<string, Letter[]>();
  let receipts = 0;
  let open = 0;

  // --- sending -------------------------------------------------------------------------------------------------------

  function send(from: string, message: Message, delayMs: number): void {
    sent(message);
    const about = `${message.kind} ${setting.nameOf(message.run)}`;
    const count = (counts.get(about) ?? 0) + 1;
    counts.set(about, count);
    const letter = { message: structuredClone(message), place: `${about} ${count}`, from };
    const isNext = message.kind === 'mail' && losing.delete(message.run) && fate.allows('lost', letter.place);
    if (setting.disturbed() && mayBeLost(message) && (isNext || fate.strikes('lost', letter.place))) {
      tell('queue', `loses ${wordsOf(letter)}`);
      return;
    }
    if (traits.reborn && message.kind !== 'mail' && setting.disturbed() && fate.strikes('ghost', letter.place)) {
      ghosts.set(message.run, [...(ghosts.get(message.run) ?? []), letter]);
      // In a calm schedule it is the message itself, since nothing is doubled there.
      if (!rough) return;
    }
    handOut(letter, 1, delayMs + delayOf(letter));
    if (setting.disturbed() && rough && fate.strikes('doubled', letter.place)) {
      tell('queue', `doubles ${wordsOf(letter)}`);
      handOut(letter, 1, delayMs + fate.below(`doubled ${letter.place} by`, 20_000));
    }
  }

  /** In a calm schedule messages are late as long as people do anything; in others while faults strike. */
  function delayOf({ message, place }: Letter): number {
    if ((rough && !setting.disturbed()) || !fate.strikes(latenessOf(message), place))
      return fate.below(`delay ${place}`, 300);
    const longest = rough ? 50_000 : fate.at(`very late ${place}`)() < 0.3 ? 70_000 : 8_000;
    const ms = fate.below(`late ${place} by`, longest);
    if (ms > 1_000) tell('queue', `keeps ${place} back for ${ms} ms`);
    return ms;
  }

  function latenessOf(message: Message): FaultKind {
    const type = message.kind === 'mail' ? message.mail.event.type : undefined;
    if (type === 'child_settled') return 'lateNews';
    return type === 'run_paused' ? 'latePause' : 'late';
  }

  /** A durable queue keeps facts that people were told are accepted; all else has somebody who looks again. */
  function mayBeLost(message: Message): boolean {
    if (!rough || mode === 'shaky') return false;
    if (message.kind === 'mail' && message.mail.event.type === 'child_settled') return backstops;
    // Where the queue forgets, a start message lies in the memory of its process, and dies with it.
    return durableQueue ? message.kind !== 'mail' : message.kind !== 'start';
  }

  function wordsOf({ message, place }: Letter): string {
    return message.kind === 'mail' ? `${place} (${message.mail.event.type})` : place;
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  function handOut(letter: Letter, receives: number, delay: number): void {
    open += 1;
    later(delay + outageAt(delay, `${letter.place} ${receives}`), () => {
      open -= 1;
      receive(letter, receives);
    });
  }

  /** For how long what comes after `delay` waits for the end of the outage, in ms. */
  function outageAt(delay: number, place: string): number {
    if (!outage) return 0;
    const left = setting.began + outage.from + outage.ms - (world.clock.now() + delay);
    if (left <= 0 || left > outage.ms || !fate.allows('outage', 'all')) return 0;
    return left + fate.below(`after the outage ${place}`, atOnceMs);
  }

  function receive(letter: Letter, receives: number): void {
    const { message, place } = letter;
    const free = setting.processes.filter(({ name }) => receiver === 'worker' || !busy.has(`${name} ${message.run}`));
    const isHosted = !durableQueue && message.kind === 'start';
    if (isHosted && !world.isAlive(letter.from)) return;
    const process = isHosted
      ? free.find(({ name }) => name === letter.from)
      : free[fate.below(`receiver of ${place} ${receives}`, free.length)];
    if (!process) {
      handOut(letter, receives, busyMs);
      return;
    }
    received(process.name, message);
    receipts += 1;
    const receipt = `${receipts}`;
    underWay.set(receipt, { letter, receives });
    if (receives > 1) tell(process.name, `gets ${place} for the ${receives}th time`);
    later(visibilityMs, () => runOut(receipt));
    give(process, { message, receives, receipt });
  }

  function give(process: Process, delivery: Delivery): void {
    if (receiver === 'drive') {
      void driveOne(process, delivery);
      return;
    }
    const resolve = waiting.get(process.name);
    if (receiver === 'worker' && resolve) {
      waiting.delete(process.name);
      resolve([delivery]);
      return;
    }
    const tray = trays.get(process.name);
    trays.set(process.name, [...(tray ?? []), delivery]);
    if (receiver === 'batch' && !tray) {
      later(fate.below(`batch ${process.name} ${delivery.receipt}`, batchMs), () => openBatch(process));
    }
  }

  function untilOf(): number | undefined {
    return turnMs === undefined ? undefined : world.clock.now() + turnMs;
  }

  async function driveOne(process: Process, { message, receives, receipt }: Delivery): Promise<void> {
    begin(process.name, message.run);
    const until = untilOf();
    try {
      await process.drive(message, { receives, ...(until !== undefined && { until }) });
      underWay.delete(receipt);
    } catch {
      giveBack(receipt, retryDelayMs(receives));
    } finally {
      end(process.name, message.run);
    }
  }

  function openBatch(process: Process): void {
    const deliveries = trays.get(process.name) ?? [];
    trays.delete(process.name);
    if (!world.isAlive(process.name)) return;
    for (const run of new Set(deliveries.map(({ message }) => message.run))) begin(process.name, run);
    const until = untilOf() ?? world.clock.now() + longestTurnMs;
    for (const [index, ended] of driveBatch(process.ports, deliveries, { until }).entries()) {
      const { message, receipt } = deliveries[index] as Delivery;
      const done = () => end(process.name, message.run);
      ended.then(() => {
        done();
        underWay.delete(receipt);
      }, done);
    }
  }

  function begin(process: string, run: string): void {
    busy.add(`${process} ${run}`);
  }

  function end(process: string, run: string): void {
    busy.delete(`${process} ${run}`);
  }

  // --- giving back, and dead letters ---------------------------------------------------------------------------------

  function giveBack(receipt: string, delayMs: number): void {
    const taken = underWay.get(receipt);
    if (!taken) return;
    underWay.delete(receipt);
    if (taken.receives < receiveLimit) {
      handOut(taken.letter, taken.receives + 1, delayMs);
      return;
    }
    receipts += 1;
    tell('queue', `gives ${taken.letter.place} up: a dead letter`);
    dead.push({ letter: taken.letter, receipt: `${receipts}`, visibleAt: world.clock.now() });
  }

  /** A receiver that has not answered by then is taken for dead. Without backstops only a fact that no journal holds comes again. */
  async function runOut(receipt: string): Promise<void> {
    const taken = underWay.get(receipt);
    if (!taken) return;
    const { message } = taken.letter;
    if (backstops || (message.kind === 'mail' && !(await isHeard(message.run, message.mail.id)))) giveBack(receipt, 0);
    else underWay.delete(receipt);
  }

  function takeDead(max: number): Delivery[] {
    const now = world.clock.now();
    const found = dead.filter(({ visibleAt }) => visibleAt <= now).slice(0, max);
    for (const letter of found) letter.visibleAt = now + deadInvisibleMs;
    return found.map(({ letter, receipt }) => ({ message: letter.message, receives: receiveLimit + 1, receipt }));
  }

  return {
    haunt(run) {
      for (const letter of ghosts.get(run) ?? []) {
        tell('queue', `has ${wordsOf(letter)} of the run that was deleted`);
        handOut(letter, 1, fate.below(`ghost ${letter.place}`, ghostMs));
      }
      ghosts.delete(run);
    },
    loseNext(run) {
      losing.add(run);
    },
    async drain(process, graceMs) {
      await workers.get(process)?.drain(graceMs);
    },
    open(process) {
      if (receiver !== 'worker') return;
      const worker = createWorker(process.ports, { concurrency: 10 });
      workers.set(process.name, worker);
      worker.start();
    },
    queueOf: (process) => ({
      durable: durableQueue,
      async send(message, { delayMs = 0 } = {}) {
        send(process, message, delayMs);
      },
      receive() {
        const tray = trays.get(process);
        trays.delete(process);
        if (tray) return Promise.resolve(tray);
        return new Promise<Delivery[]>((resolve) => {
          waiting.set(process, resolve);
        });
      },
      async ack(receipt) {
        underWay.delete(receipt);
      },
      async retry(receipt, delayMs) {
        giveBack(receipt, delayMs);
      },
      countDeadLetters: async () => dead.length,
      receiveDeadLetters: async (max) => takeDead(max),
      async dropDeadLetter(receipt) {
        dead = dead.filter((letter) => letter.receipt !== receipt);
      },
      async redrive() {
        const again = dead;
        dead = [];
        for (const { letter } of again) handOut(letter, 1, 0);
        return again.length;
      },
    }),
    get isEmpty() {
      return open === 0 && dead.length === 0;
    },
    isDriving: (process, run) => workers.get(process)?.isDriving(run) ?? false,
  };
}
