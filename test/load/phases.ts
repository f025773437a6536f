/** Clients as processes: a phase is what they do for a while. */
import type { ChildProcess } from 'node:child_process';
import type { FromClient, ToClient } from './client.ts';
import type { Look } from './servers.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';

/** A second of it. */
interface Moment extends Look {
  /** In s since the first phase began. */
  at: number;
  tally: Tally;
}

export interface Phase {
  moments: Moment[];
  total: Tally;
  /** Accepted, and not known to have ended. */
  open: string[];
  complaints: string[];
  seconds: number;
  /** In ms since the epoch. */
  began: number;
  ended: number;
}

export interface PhaseOptions {
  name: string;
  clients: ChildProcess[];
  /** What to tell each of them; nothing where they have begun already. */
  order?: (index: number) => ToClient;
  seconds: number;
  look: () => Promise<Look>;
  /** The time 0 of the plot, by `performance.now()`. */
  zero: number;
}

const progressEveryS = 10;

export async function runPhase({ name, clients, order, seconds, look, zero }: PhaseOptions): Promise<Phase> {
  const began = Date.now();
  const total = emptyTally();
  const moments: Moment[] = [];
  const open: string[] = [];
  const complaints: string[] = [];
  const stopped: Promise<void>[] = [];
  let current = emptyTally();
  const listeners = clients.map((client) => {
    let hasStopped = () => {};
    stopped.push(
      new Promise((resolve) => {
        hasStopped = resolve;
      }),
    );
    const hear = (message: FromClient) => {
      if (message.say === 'tally') {
        addTally(current, message.tally);
        addTally(total, message.tally);
      }
      if (message.say === 'stopped') {
        open.push(...message.open);
        complaints.push(...message.complaints);
        hasStopped();
      }
    };
    client.on('message', hear);
    return () => client.off('message', hear);
  });
  if (order) for (const [index, client] of clients.entries()) client.send(order(index));

  const note = async () => {
    const tally = current;
    current = emptyTally();
    const seen = await look();
    moments.push({ at: (performance.now() - zero) / 1_000, tally, ...seen });
  };
  for (let second = 1; second <= seconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + second * 1_000 - Date.now())));
    await note();
    if (second % progressEveryS === 0) progress(name, second, seconds, moments.slice(-progressEveryS));
  }
  const ended = Date.now();
  for (const client of clients) client.send({ do: 'stop' });
  await Promise.all(stopped);
  await note();
  for (const stop of listeners) stop();
  return { moments, total, open, complaints, seconds, began, ended };
}

function progress(name: string, second: number, seconds: number, last: Moment[]): void {
  const sum = (pick: (tally: Tally) => number) => last.reduce((all, { tally }) => all + pick(tally), 0) / last.length;
  const { anonMb = 0, heapMb = 0, waiting = 0 } = last.at(-1) ?? {};
  process.stderr.write(
    `${name}: ${second}/${seconds} s; ${Math.round(sum((t) => t.accepted))} accepted/s, ` +
      `${Math.round(sum((t) => t.completed))} completed/s, ${Math.round(sum((t) => t.refused))} refused/s, ` +
      `${Math.round(sum((t) => t.failed))} failed/s; ${waiting} waiting; ` +
      `${Math.round(anonMb)} MB, heap ${Math.round(heapMb)} MB\n`,
  );
}
