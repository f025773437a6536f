import { createRun } from '../kernel/create-run.ts';
import { Fault } from '../kernel/faults.ts';
import { findForNewRun } from '../kernel/find-definition.ts';
import type { Head } from '../kernel/head.ts';
import type { Ports } from '../kernel/ports.ts';
import { newRunId } from '../kernel/run-id.ts';
import type { StartRunRequest } from './api.ts';
import { assertText } from './checks.ts';
import { throwUnknown } from './list-workflows.ts';

const keyChars = 256;

/** Accepts a run. The id of one with a key follows from workflow and key: creating it is the check. */
export async function startRun(ports: Ports, request: StartRunRequest): Promise<{ head: Head; created: boolean }> {
  const { workflow, version, key, correlationId, origin } = request;
  if (key !== undefined) assertText(key, 'The idempotency key', keyChars);
  if (correlationId !== undefined) assertText(correlationId, 'The correlation id', keyChars);
  const id = key === undefined ? newRunId(ports.ids, ports.clock.now()) : ports.ids.digest(`run\n${workflow}\n${key}`);
  const definition =
    (await findForNewRun(ports, workflow, version, id)) ?? (await throwUnknown(ports.definitions, workflow, version));
  const { created, head, inputDigest } = await createRun(ports, {
    id,
    definition,
    input: request.input,
    idempotencyKey: key,
    correlationId,
    origin,
  });
  if (!created && head.birth.inputDigest !== inputDigest) {
    throw new Fault(
      'conflict',
      `The key '${key}' belongs to run ${id} of ${definition.name}, which was started with another input`,
    );
  }
  return { head, created };
}
