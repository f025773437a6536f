/** A run that nothing happens to: one process, every message at once, and every telling before it is needed. */
import type { Definition } from '../../lib/kernel/definition.ts';
import type { Birth } from '../../lib/kernel/events.ts';
import { isSettled } from '../../lib/kernel/head.ts';
import { foldJournal } from '../../lib/kernel/journal.ts';
import { fromJson, loadPayload } from '../../lib/kernel/payload.ts';
import type { RunRecord } from '../../lib/ports/store.ts';
import { signalRun } from '../../lib/service/tell-run.ts';
import { createWorld, startIn, type World } from '../kernel/harness.ts';
import type { Telling } from './workload.ts';

interface Undisturbed {
  definitionsIn(world: World): Definition[];
  input: unknown;
  tellings(birth: Birth, input: unknown): Telling[];
  /** What steps do outside of the virtual clock. Resolves when some of it may have ended; false: there is none. */
  realWork?: () => Promise<boolean>;
}

const maxRounds = 100_000;

export async function undisturbed(options: Undisturbed): Promise<string> {
  const { realWork = async () => false } = options;
  const world = createWorld({ seed: 1, quietTurns: 2 });
  const definitions = options.definitionsIn(world);
  const one = world.process('one', definitions);
  const run = await startIn(one, definitions[0] as Definition, options.input);
  const told = new Set<string>();
  for (let round = 0; round < maxRounds; round += 1) {
    for (const { birth } of (await world.store.list({}, { limit: 1_000 })).items) {
      if (told.has(birth.id)) continue;
      told.add(birth.id);
      const input = await inputOf(world, birth);
      // A child that was cancelled before it began has none.
      if (input === undefined) continue;
      for (const { name, key, payload } of options.tellings(birth, input)) {
        await signalRun(one.ports, birth.id, name, { key, payload });
      }
    }
    if (isSettled((await world.head(run)).state.status)) break;
    const [next] = world.messages.sort((a, b) => a.visibleAt - b.visibleAt);
    if (!next) break;
    world.messages.splice(0, 1);
    if (next.visibleAt > world.clock.now()) await world.advance(next.visibleAt - world.clock.now());
    await ended(one.drive(next.message));
  }
  return resultOf(world, run);

  async function ended(drive: Promise<unknown>): Promise<void> {
    let done = false;
    const finish = () => {
      done = true;
    };
    drive.then(finish, finish);
    for (let round = 0; round < maxRounds; round += 1) {
      await world.settle();
      if (done) return;
      if (await realWork()) continue;
      await world.clock.advanceToNext();
    }
    throw new Error('It does not end');
  }
}

/** What a run was started with, its payload perhaps a blob. */
export async function inputOf(world: Pick<World, 'blobs' | 'ids'>, { input }: Birth): Promise<unknown> {
  return input === undefined ? undefined : fromJson(await loadPayload(world, input));
}

/** How a run, or the last of those that went on from it, has ended. */
export async function resultOf(
  world: Pick<World, 'blobs' | 'ids'> & { record(run: string): Promise<RunRecord> },
  run: string,
): Promise<string> {
  const { head, chunks } = await world.record(run);
  const { current } = foldJournal(head.birth, chunks);
  if (current.phase !== 'settled') return current.phase;
  const { end } = current;
  if (end.type !== 'run_completed') return `${end.type} ${end.error.name}: ${end.error.message}`;
  if (end.continuedAs) return resultOf(world, end.continuedAs.id);
  return end.output === undefined ? 'nothing' : loadPayload(world, end.output);
}
