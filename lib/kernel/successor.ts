import { createRun } from './create-run.ts';
import type { Definition } from './definition.ts';
import type { Birth, Continuation } from './events.ts';
import { findForOpenRun } from './find-definition.ts';
import type { Head } from './head.ts';
import { foldJournal, type Journal } from './journal.ts';
import { fromJson, loadPayload } from './payload.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/**
 * The run that goes on where another ended (`ctx.continueAs`). Everything here may be done twice.
 */

/**
 * Creates the successor by the same rule as a child: its id follows from the run's. Its input was checked when the run ended.
 * Where the workflow is not deployed just then, it is given as long as the run was, and waits for the deployment.
 */
export async function startSuccessor(ports: Ports, birth: Birth, continued: Continuation): Promise<Birth> {
  const found = await findForOpenRun(ports, birth.workflow, birth.version);
  const { timeoutMs, retentionMs } = 'reason' in found ? lifetimeOf(birth) : found;
  const input = continued.input === undefined ? undefined : fromJson(await loadPayload(ports, continued.input));
  const { head } = await createRun(ports, {
    id: continued.id,
    definition: { name: birth.workflow, version: birth.version, timeoutMs, retentionMs, parseInput: (same) => same },
    input,
    correlationId: birth.correlationId,
    parent: birth.parent,
    latestDeadline: birth.parent && (await ports.store.readHead(birth.parent.id))?.birth.deadline,
    origin: `run ${birth.id}`,
  });
  return head.birth;
}

function lifetimeOf({ createdAt, deadline, retention }: Birth): Pick<Definition, 'timeoutMs' | 'retentionMs'> {
  return { timeoutMs: deadline - createdAt, retentionMs: retention };
}

/** The head of the run that a settled one goes on as, once it is there. */
export async function successorIn(ports: Ports, { current }: Journal): Promise<Head | undefined> {
  if (current.phase !== 'settled' || current.end.type !== 'run_completed' || !current.end.continuedAs) return undefined;
  const { id } = current.end.continuedAs;
  return retrying(ports, () => ports.store.readHead(id));
}

/** The run that a settled one goes on as. */
export async function successorOf(ports: Ports, id: string): Promise<string | undefined> {
  const record = await ports.store.read(id);
  const { current } = record ? foldJournal(record.head.birth, record.chunks) : { current: undefined };
  if (current?.phase !== 'settled' || current.end.type !== 'run_completed') return undefined;
  return current.end.continuedAs?.id;
}
