import type { Birth, Continuation, Listed, OpenChild, OpenChildren } from './events.ts';
import { Fault, isFault } from './faults.ts';
import { type Journal, type SettledEvent, startedChildren } from './journal.ts';
import { keepPayload } from './keep-payload.ts';
import type { Limits } from './limits.ts';
import { toJson } from './payload.ts';
import type { Ports } from './ports.ts';
import type { Outcome, Program } from './program.ts';
import { storeError } from './stored-error.ts';

/** The most steps that an end names: they are shown, and no more. */
const maxUnawaited = 100;

/** The event that ends a run whose program ended so. A run that somebody cancelled ends as cancelled, whatever its program made of it. */
export async function endOf(
  ports: Ports,
  journal: Journal,
  program: Program,
  outcome: Outcome,
  at: number,
): Promise<SettledEvent> {
  const hasNothingOpen = program.open.size === 0 && program.stops.length === 0;
  const left = hasNothingOpen ? undefined : await leftOpen(ports, journal, program);
  const { birth } = journal;
  if (program.cancelled) {
    const cancelled = { name: 'CancelledError', message: program.cancelled.reason ?? 'The run was cancelled' };
    const thrown = outcome.type === 'threw' ? storeError(outcome.error, ports.limits) : cancelled;
    const error =
      thrown.name === 'CancelledError'
        ? { name: thrown.name, message: thrown.message }
        : { ...cancelled, cause: thrown };
    return { type: 'run_cancelled', at, error, ...left };
  }
  if (outcome.type === 'threw') {
    return { type: 'run_failed', at, error: storeError(outcome.error, ports.limits), ...left };
  }
  try {
    if (outcome.type === 'returned') {
      const text = toJson(outcome.value, `The output of ${birth.workflow}`, ports.limits);
      const { payload } = await keepPayload(ports, birth, 'output', text);
      return { type: 'run_completed', at, ...(payload !== undefined && { output: payload }), ...left };
    }
    const definition = await ports.definitions.find(birth.workflow, birth.version);
    if (!definition) throw new Fault('not_found', `${birth.workflow}@${birth.version} is not deployed here`);
    const text = toJson(definition.parseInput(outcome.input), 'The input given to continueAs', ports.limits);
    const { payload } = await keepPayload(ports, birth, 'successor', text);
    const id = ports.ids.digest(`successor\n${birth.id}\n${birth.nonce}`);
    const untaken = program.untakenSignals();
    const continuedAs: Continuation = {
      id,
      ...(payload !== undefined && { input: payload }),
      ...(untaken.length > 0 && { untaken: await storeListed(ports, birth, 'untaken signals', untaken) }),
    };
    return { type: 'run_completed', at, continuedAs, ...left };
  } catch (error) {
    if (!isFault(error, 'invalid_input') && !isFault(error, 'too_large')) throw error;
    return { type: 'run_failed', at, error: storeError(error, ports.limits), ...left };
  }
}

/**
 * The end of a run whose program cannot be run any more, once its deadline and the grace have passed (K25).
 * `undefined`: there is time left.
 */
export function endOfOverdue(journal: Journal, limits: Limits, why: string, at: number): SettledEvent | undefined {
  const { birth } = journal;
  if (at < birth.deadline + limits.timeoutGraceMs) return undefined;
  const error = { name: 'TimeoutError', message: `The run passed its deadline while it could not go on: ${why}` };
  return { type: 'run_failed', at, error };
}

/** What the program leaves behind, in any number: an event fits an item of every store. */
async function leftOpen(
  ports: Ports,
  journal: Journal,
  program: Program,
): Promise<{ openChildren?: OpenChildren; unawaited?: string[] }> {
  const started = startedChildren(journal);
  const children: OpenChild[] = [];
  const unawaited: string[] = [];
  for (const request of [...program.open.values(), ...program.stops.map((stop) => stop.request)]) {
    if (
      request.kind === 'child' &&
      !request.spec.detached &&
      !started.has(request.key) &&
      program.mayHaveBegun(request)
    ) {
      const { workflow, version } = request.spec;
      children.push({ key: request.key, id: request.id, workflow, ...(version !== undefined && { version }) });
    }
    if (request.kind === 'step' && program.open.has(request.key) && unawaited.length < maxUnawaited)
      unawaited.push(request.key);
  }
  return {
    ...(children.length > 0 && {
      openChildren: await storeListed(ports, journal.birth, 'open children', children),
    }),
    ...(unawaited.length > 0 && { unawaited }),
  };
}

async function storeListed<T>(ports: Ports, birth: Birth, name: string, list: T[]): Promise<Listed<T>> {
  const text = JSON.stringify(list);
  const { payload } = await keepPayload(ports, birth, name, text);
  return typeof payload === 'object' ? payload : list;
}
