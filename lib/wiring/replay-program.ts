import { systemIds } from '../adapters/system/ids.ts';
import type { Definition } from '../kernel/definition.ts';
import type { JournalEvent } from '../kernel/events.ts';
import { defaultLimits } from '../kernel/limits.ts';
import { fromJson } from '../kernel/payload.ts';
import { createProgram, type Program, payloadOf } from '../kernel/program.ts';
import type { ExportedRun } from '../service/api.ts';
import { importRun } from '../service/export-run.ts';

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Brings a workflow's program to where a recorded run is, without running any step. Throws `Fault` non_deterministic that
 * says what the history expects, what the program asked for instead, and at which event.
 */
export async function replayProgram(
  definition: Definition,
  exported: ExportedRun,
): Promise<{ program: Program; events: JournalEvent[] }> {
  const { birth, seed, events } = importRun(exported);
  let emitted = events.length;
  const program = createProgram({
    definition,
    birth,
    seed,
    clock: { now: () => birth.createdAt, schedule: () => () => {}, macrotask },
    ids: systemIds,
    limits: defaultLimits,
    recorded: events,
    host: {
      emit: () => {
        emitted += 1;
        return emitted;
      },
      log: () => {},
      wake: () => {},
    },
  });
  await program.start(typeof birth.input === 'string' ? fromJson(birth.input) : undefined);
  for (const [index, event] of events.entries()) {
    const payload = payloadOf(event);
    await program.feed(event, index + 1, typeof payload === 'string' ? payload : undefined);
  }
  return { program, events };
}
