import type { Patch } from './mutant.ts';
import type { Mode } from './traits.ts';

/**
 * The guards of the kernel, each with the source without it. The simulation has to see that one is missing.
 */
export interface Mutation {
  name: string;
  /** Of the kernel's rules. */
  rule: string;
  /** What the guard does. */
  guard: string;
  patches: Patch[];
  /** In schedules of which mode it is looked for; in those of all modes where none is named. */
  mode?: Mode;
}

const inFile =
  (file: string) =>
  (find: string, replace = ''): Patch => ({ file, find, replace });

export const turn = inFile('lib/kernel/run-turn.ts');
export const program = inFile('lib/kernel/program.ts');
export const journal = inFile('lib/kernel/journal.ts');
export const mailbox = inFile('lib/kernel/mailbox.ts');
export const admission = inFile('lib/kernel/admission.ts');
export const appender = inFile('lib/kernel/appender.ts');
export const drive = inFile('lib/kernel/drive.ts');
export const headKeeper = inFile('lib/kernel/head-keeper.ts');
export const outbox = inFile('lib/kernel/outbox.ts');
export const suspects = inFile('lib/kernel/suspects.ts');
export const suspension = inFile('lib/kernel/suspension.ts');
export const parking = inFile('lib/kernel/parking.ts');
export const payload = inFile('lib/kernel/payload.ts');
export const createRun = inFile('lib/kernel/create-run.ts');
export const deliver = inFile('lib/kernel/deliver.ts');
export const sweep = inFile('lib/service/sweep.ts');
export const handOver = inFile('lib/kernel/hand-over.ts');
export const tell = inFile('lib/kernel/tell.ts');
export const effects = inFile('lib/kernel/effects.ts');
export const alone = inFile('lib/kernel/alone.ts');
export const scope = inFile('lib/workflow/scope.ts');
export const memoryStore = inFile('lib/adapters/memory/store.ts');
export const storeRules = inFile('lib/adapters/store-rules.ts');
