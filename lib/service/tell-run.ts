import type { Birth, OutsideEvent } from '../kernel/events.ts';
import { ownerOf } from '../kernel/expiry.ts';
import { Fault } from '../kernel/faults.ts';
import { storePayload, toJson } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';
import { callbackToken, parseCallbackToken } from '../kernel/program.ts';
import { tell } from '../kernel/tell.ts';
import type { Clock } from '../ports/clock.ts';
import type { Accepted, CallbackAnswer, CommandRequest, SignalRequest } from './api.ts';
import { assertOpen, assertText, requireOpen } from './checks.ts';

/**
 * Telling a run something: signals, callback answers, pause, resume, cancel. Each becomes an outside event that is
 * durable when the call resolves; the journal's order decides what it leads to.
 */

const nameChars = 128;
const keyChars = 256;

export async function signalRun(ports: Ports, id: string, name: string, request: SignalRequest): Promise<Accepted> {
  assertText(name, "The signal's name", nameChars);
  if (request.key !== undefined) assertText(request.key, 'The idempotency key', keyChars);
  const head = await requireOpen(ports, id);
  const eventId = request.key === undefined ? ports.ids.random() : ports.ids.digest(`signal\n${name}\n${request.key}`);
  const text = toJson(request.payload, `The payload of signal '${name}'`, ports.limits);
  return send(ports, head.birth, await signalOf(ports, head.birth, eventId, name, text, request.by));
}

/** Only the first answer counts: all answers to one token are the same event. Without the token nobody learns of the run. */
export async function answerCallback(ports: Ports, token: string, answer: CallbackAnswer): Promise<Accepted> {
  const parsed = parseCallbackToken(token);
  const head = parsed && (await ports.store.readHead(parsed.runId));
  if (!head || !isSame(callbackToken(ports.ids, head.birth, parsed.name), token)) {
    throw new Fault('not_found', 'There is no such callback token');
  }
  assertOpen(head);
  const { birth } = head;
  const text = toJson(answer, 'The answer', ports.limits);
  const eventId = ports.ids.digest(`callback\n${parsed.name}`);
  return send(ports, birth, await signalOf(ports, birth, eventId, parsed.name, text, undefined));
}

/** Times of pauses and resumes: of two that one process gives, even in one millisecond, the second is the later (K20). */
export function createIssuer({ now }: Pick<Clock, 'now'>): () => number {
  let last = 0;
  return () => {
    last = Math.max(now(), last + 1);
    return last;
  };
}

export async function pauseRun(ports: Ports, id: string, request: CommandRequest, issuedAt: number): Promise<Accepted> {
  return command(ports, id, request, (base) => ({ type: 'run_paused', ...base, issuedAt }));
}

export async function resumeRun(
  ports: Ports,
  id: string,
  request: CommandRequest,
  issuedAt: number,
): Promise<Accepted> {
  return command(ports, id, request, (base) => ({ type: 'run_resumed', ...base, issuedAt }));
}

export async function cancelRun(
  ports: Ports,
  id: string,
  request: CommandRequest & { reason?: string },
): Promise<Accepted> {
  const { reason } = request;
  if (reason !== undefined) assertText(reason, 'The reason', 1_000);
  return command(ports, id, request, (base) => ({
    type: 'run_cancel_requested',
    ...base,
    ...(reason !== undefined && { reason }),
  }));
}

interface CommandBase {
  id: string;
  at: number;
  epoch: number;
  by?: string;
}

async function command(
  ports: Ports,
  id: string,
  request: CommandRequest,
  event: (base: CommandBase) => OutsideEvent,
): Promise<Accepted> {
  const head = await requireOpen(ports, id);
  const base = {
    id: ports.ids.random(),
    at: ports.clock.now(),
    epoch: 0,
    ...(request.by !== undefined && { by: request.by }),
  };
  return send(ports, head.birth, event(base));
}

async function signalOf(
  ports: Ports,
  birth: Birth,
  eventId: string,
  name: string,
  text: string | undefined,
  by: string | undefined,
): Promise<OutsideEvent> {
  const { payload } = await storePayload(ports, ownerOf(birth, ports.limits), eventId, text);
  return {
    type: 'run_signalled',
    id: eventId,
    at: ports.clock.now(),
    name,
    ...(payload !== undefined && { payload }),
    ...(by !== undefined && { by }),
  };
}

async function send(ports: Ports, birth: Birth, event: OutsideEvent): Promise<Accepted> {
  await tell(ports, birth, event);
  return { accepted: true, eventId: event.id };
}

/** Compares in a time that does not depend on where the texts differ. */
function isSame(a: string, b: string): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) different |= a.charCodeAt(i) ^ b.charCodeAt(i % b.length);
  return different === 0;
}
