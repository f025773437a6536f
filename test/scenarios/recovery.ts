/** How runs are found again in the world of processes, and what their journals may look like afterwards. */
import type { DriveEnd } from '../../lib/kernel/drive.ts';
import { isOpen } from '../../lib/kernel/head.ts';
import { headStateOf } from '../../lib/kernel/journal.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { sweep } from '../../lib/service/sweep.ts';
import type { Process, World } from '../kernel/harness.ts';

export const leaseMs = 30_000;

/** A message as the sweeper sends it, whether or not it is time. */
export async function sweeperWake(world: World, run: string): Promise<Message> {
  const { nonce } = (await world.head(run)).birth;
  return { kind: 'wake', run, nonce, from: 'sweeper' };
}

/** The process sweeps, and drives the run if it was due. */
export async function recover(world: World, process: Process, run: string): Promise<DriveEnd | undefined> {
  await world.until(sweep(process.ports));
  const index = world.messages.findIndex(({ message }) => message.run === run && message.kind === 'wake');
  const [found] = index < 0 ? [] : world.messages.splice(index, 1);
  return found && world.until(process.drive(found.message));
}

/** Sweeps and delivers in turns, as time passes, until no run is open. Throws if that never comes. */
export async function recoverAll(world: World, process: Process): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    await world.deliverAll(process, { maxWaitMs: 3_600_000 });
    const { items } = await world.store.list({}, { limit: 100 });
    if (!items.some(({ state }) => isOpen(state))) return;
    await world.advance(leaseMs);
    await world.until(sweep(process.ports));
  }
  throw new Error('Some run stays open');
}

/** What is wrong with a run of which nobody is in charge just now: nothing, unless a rule was broken. */
export async function flawsOf(world: World, run: string): Promise<string[]> {
  const { head } = await world.record(run);
  const journal = await world.fold(run);
  const ended = journal.events.filter(({ type }) => type === 'task_completed' || type === 'task_failed');
  const keys = ended.map((event) => ('key' in event ? event.key : ''));
  const settled = journal.events.filter(({ type }) => /^run_(completed|failed|cancelled)$/.test(type));
  const expected = headStateOf(journal, 'wakeAt' in head.state ? head.state.wakeAt : 0);
  return [
    ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `two outcomes of ${key}`),
    ...(settled.length > 1 ? [`it ended ${settled.length} times`] : []),
    ...(head.position === journal.position
      ? []
      : [`the head is at ${head.position}, the journal at ${journal.position}`]),
    ...(JSON.stringify(head.state) === JSON.stringify(expected)
      ? []
      : [`the head says ${JSON.stringify(head.state)}, the journal ${JSON.stringify(expected)}`]),
  ];
}
