import { type Message, repeated } from '../ports/queue.ts';
import type { Definition } from './definition.ts';
import { type Birth, FORMAT, type ParentLink } from './events.ts';
import { expiryOf, ownerOf } from './expiry.ts';
import type { Head } from './head.ts';
import { isInline, storePayload, toJson } from './payload.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/** In UTF-16 code units. With a longer input the start message carries no birth: a queue may hold many of them. */
const LONGEST_INPUT_SENT = 4_000;
const week = 7 * 24 * 60 * 60 * 1000;

/** What a run takes over from its workflow. */
type Lifetime = Pick<Definition, 'name' | 'version' | 'timeoutMs' | 'retentionMs'>;

export interface NewRun {
  id: string;
  definition: Lifetime & Pick<Definition, 'parseInput'>;
  input: unknown;
  idempotencyKey?: string | undefined;
  correlationId?: string | undefined;
  parent?: ParentLink | undefined;
  origin?: string | undefined;
  /** The parent's; a child that is waited for never outlives it (K23). */
  latestDeadline?: number | undefined;
}

/**
 * Puts a run's head if its id is free, then sends its start message (K17). The head comes first: a message that is lost
 * is replaced by the sweeper once `wakeAt` has passed. `head` is the one that stands, `inputDigest` that of the input that
 * was asked for with a key. Throws `Fault` invalid_input for an input that does not fit.
 */
export async function createRun(
  ports: Ports,
  run: NewRun,
): Promise<{ created: boolean; head: Head; inputDigest: string | undefined }> {
  const input = inputText(ports, run);
  const inputDigest = run.idempotencyKey === undefined ? undefined : ports.ids.digest(input ?? '');
  const isLarge = input !== undefined && !isInline(input, ports.limits);
  if (isLarge && run.idempotencyKey !== undefined) {
    // A large input is stored before the head that refers to it: whoever comes second with a key leaves nothing behind.
    const standing = await retrying(ports, () => ports.store.readHead(run.id));
    if (standing) return { created: false, head: standing, inputDigest };
  }
  const birth = makeBirth(ports, run, inputDigest);
  if (isLarge) birth.input = (await storePayload(ports, ownerOf(birth, ports.limits), 'input', input)).payload;
  else if (input !== undefined) birth.input = input;
  const { head } = await retrying(ports, () => ports.store.create(freshHead(ports, birth)));
  // A head with the own nonce is a create that had been applied when the store did not answer.
  const created = head.birth.nonce === birth.nonce;
  if (created) await sendStart(ports, birth);
  return { created, head, inputDigest };
}

/**
 * Puts a head that is cancelled from birth, so that a child that has not been created yet never will be (K23). It needs no
 * definition, since it runs nothing: who cancels may have none. Its version is 0 where none was asked for. Gives the head that
 * stands.
 */
export async function createTombstone(
  ports: Ports,
  parent: Birth,
  child: { id: string; workflow: string; version?: number },
): Promise<Head> {
  const never = {
    name: child.workflow,
    version: child.version ?? 0,
    timeoutMs: Number.POSITIVE_INFINITY,
    retentionMs: parent.retention,
  };
  const run = { id: child.id, definition: never, origin: `run ${parent.id}`, latestDeadline: parent.deadline };
  const birth = makeBirth(ports, run, undefined);
  const head = freshHead(ports, birth);
  return (await ports.store.create({ ...head, state: { status: 'cancelled', closedAt: birth.createdAt } })).head;
}

function inputText(ports: Ports, { definition, input }: NewRun): string | undefined {
  return toJson(definition.parseInput(input), `The input of ${definition.name}`, ports.limits);
}

/** Without the input. */
function makeBirth(
  ports: Ports,
  run: Omit<NewRun, 'definition' | 'input'> & { definition: Lifetime },
  inputDigest: string | undefined,
): Birth {
  const { definition, id } = run;
  const createdAt = ports.clock.now();
  const deadline = Math.min(createdAt + definition.timeoutMs, run.latestDeadline ?? Number.POSITIVE_INFINITY);
  const retention = definition.retentionMs;
  return {
    format: FORMAT,
    id,
    nonce: ports.ids.random(),
    workflow: definition.name,
    version: definition.version,
    ...(inputDigest !== undefined && { inputDigest }),
    createdAt,
    deadline,
    retention,
    ...(run.idempotencyKey !== undefined && { idempotencyKey: run.idempotencyKey }),
    ...(run.correlationId !== undefined && { correlationId: run.correlationId }),
    ...(run.parent !== undefined && { parent: run.parent }),
    ...(run.origin !== undefined && { origin: run.origin }),
    ...(!ports.queue.durable && { host: ports.liveness.self }),
  };
}

async function sendStart(ports: Ports, birth: Birth): Promise<void> {
  const { id, nonce, input } = birth;
  const isSmall = typeof input !== 'string' || input.length <= LONGEST_INPUT_SENT;
  const message: Message = { kind: 'start', run: id, nonce, ...(isSmall && { birth }) };
  await retrying(ports, (failures) => ports.queue.send(failures === 0 ? message : repeated(message)));
}

/** What a run's head says from its creation until its first turn suspends, lasts, or ends. */
export function freshHead(ports: Ports, birth: Birth): Head {
  return {
    birth,
    position: 0,
    state: { status: 'pending', wakeAt: birth.createdAt + ports.limits.graceMs },
    // Later than what hangs on it, so that nothing is ever left without a head.
    expiresAt: expiryOf(birth, ports.limits) + week,
  };
}
