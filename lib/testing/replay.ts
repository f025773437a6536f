import type { Definition } from '../kernel/definition.ts';
import type { JournalEvent } from '../kernel/events.ts';
import { Fault } from '../kernel/faults.ts';
import type { Outcome, Program } from '../kernel/program.ts';
import type { ExportedRun } from '../service/api.ts';
import { importRun } from '../service/export-run.ts';
import { replayProgram } from '../wiring/replay-program.ts';

/** Where the code stands at the end of the recorded history. */
export type ReplayResult =
  | { status: 'completed'; output: unknown }
  | { status: 'failed'; error: unknown }
  | { status: 'continued'; input: unknown }
  /** The history ends before the run does. */
  | { status: 'open'; waitingFor: string[] };

/**
 * Runs a workflow's code against a recorded run, without running any step. Throws `Fault` non_deterministic that says
 * what the history expects, what the code asked for instead, and at which event.
 */
export async function replay(workflow: Definition, exported: ExportedRun): Promise<ReplayResult> {
  const { birth } = importRun(exported);
  if (workflow.name !== birth.workflow || workflow.version !== birth.version) {
    throw new Fault(
      'invalid_input',
      `The history is of ${birth.workflow}@${birth.version}, the code is ${workflow.name}@${workflow.version}: ` +
        'a run keeps the version it began with.',
    );
  }
  const { program, events } = await replayProgram(workflow, exported);
  assertSameEnd(workflow, program, events);
  return resultOf(program);
}

function resultOf({ outcome, open }: Program): ReplayResult {
  switch (outcome?.type) {
    case 'returned':
      return { status: 'completed', output: outcome.value };
    case 'threw':
      return { status: 'failed', error: outcome.error };
    case 'continued':
      return { status: 'continued', input: outcome.input };
    default:
      return { status: 'open', waitingFor: [...open.values()].map(({ kind, key }) => `${kind} '${key}'`) };
  }
}

/** The recorded end has to be the code's, but not what it returns. */
function assertSameEnd(workflow: Definition, { outcome, open }: Program, events: JournalEvent[]): void {
  const index = events.findIndex(({ type }) => /^run_(completed|failed|cancelled)$/.test(type));
  const end = events[index];
  if (!end || fitsEnd(end, outcome)) return;
  const asked = [...open.values()].slice(0, 5).map(({ kind, key }) => `${kind} '${key}'`);
  const got = outcome
    ? `it has ${outcome.type === 'returned' ? 'completed' : outcome.type === 'threw' ? 'failed' : 'continued as a new run'}`
    : `it asks for ${asked.join(', ') || 'nothing'}`;
  throw new Fault(
    'non_deterministic',
    `The code of ${workflow.name}@${workflow.version}: at event ${index + 1} the journal expects the run to have ${inWords(end)}, but ${got}. ` +
      'Guard the change with ctx.version(), or give the workflow a new version.',
    outcome?.type === 'threw' ? { cause: outcome.error } : {},
  );
}

function fitsEnd(end: JournalEvent, outcome: Outcome | undefined): boolean {
  if (end.type === 'run_completed') return outcome?.type === (end.continuedAs ? 'continued' : 'returned');
  if (end.type !== 'run_failed') return true;
  // Limits end a run without its program, and an output that JSON cannot hold makes a failure of a return.
  return outcome?.type !== 'continued';
}

function inWords(end: JournalEvent): string {
  if (end.type === 'run_completed') return end.continuedAs ? 'continued as a new run' : 'completed';
  return 'failed';
}
