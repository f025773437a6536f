import { retrying } from './appender.ts';
import { createRun } from './create-run.ts';
import type { Definition } from './definition.ts';
import { deliver, type Recipient, recipientOf } from './deliver.ts';
import type { Birth, Continuation, Listed, OutsideEvent } from './events.ts';
import { findForOpenRun } from './find-definition.ts';
import type { Head } from './head.ts';
import { foldJournal, isOutside, isOvertaken, type Journal } from './journal.ts';
import { copyPayload, fromJson, loadListed, loadPayload } from './payload.ts';
import type { Ports } from './ports.ts';

/**
 * The run that goes on where another ended (`ctx.continueAs`). Everything here may be done twice.
 */

/**
 * Creates the successor by the same rule as a child: its id follows from the run's. Its input was checked when the run ended.
 * Where the workflow is not deployed just then, it is given as long as the run was, and waits for the deployment.
 */
export async function startSuccessor(ports: Ports, birth: Birth, continued: Continuation): Promise<Recipient> {
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
  return recipientOf(ports, head.birth);
}

function lifetimeOf({ createdAt, deadline, retention }: Birth): Pick<Definition, 'timeoutMs' | 'retentionMs'> {
  return { timeoutMs: deadline - createdAt, retentionMs: retention };
}

/** Gives the successor what the run was told and has not taken: signals of these ids, and all mail that it never read. */
export async function handOver(
  ports: Ports,
  journal: Journal,
  to: Recipient,
  untaken: Listed<string> = [],
): Promise<void> {
  const ids = new Set(await loadListed(ports, untaken));
  const heard = ids.size === 0 ? [] : journal.events.filter(isOutside).filter(({ id }) => ids.has(id));
  const record = await ports.store.read(journal.birth.id, journal.position);
  const unread = (record?.mail ?? []).map(({ event }) => event).filter(({ id }) => !journal.heard.has(id));
  for (const event of [...heard, ...unread]) {
    if (isOvertaken(journal, event)) continue;
    // A child tells the run that started it, not the one that goes on.
    if (event.type !== 'child_settled') await deliver(ports, to, await readdressed(ports, event, to));
  }
}

/** Else a pause that is said once more, and is older than the resume that the run has heard, would hold the successor (K20). */
export async function handOverResume(ports: Ports, journal: Journal, to: Recipient): Promise<void> {
  const last = journal.events.find((event) => isOutside(event) && event.id === journal.command?.id);
  if (last?.type === 'run_resumed') await deliver(ports, to, last);
}

export async function readdressed(ports: Ports, event: OutsideEvent, to: Recipient): Promise<OutsideEvent> {
  if (event.type !== 'run_signalled' || event.payload === undefined) return event;
  const payload = await copyPayload(ports, event.payload, to, event.id);
  return { ...event, ...(payload !== undefined && { payload }) };
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
