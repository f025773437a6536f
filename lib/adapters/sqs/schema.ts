/** What a message may look like. Strict, since whoever may write to the queue can put anything there. */
import * as z from 'zod';
import type { Birth, OutsideEvent, Payload, StoredError } from '../../kernel/events.ts';
import { payloadOf } from '../../kernel/program.ts';
import type { Message } from '../../ports/queue.ts';
import { isPlainText, LONGEST_ID_BYTES } from '../store-rules.ts';

/** Of a run and of its records: others than these no store takes. */
const id = z.string().refine(isUsableId, `expected an id of 1 to ${LONGEST_ID_BYTES} bytes without control characters`);
/** Of an outside event: of any length, since it may hold a task's key. */
const eventId = z.string().min(1);
/** One that a date can have. */
const at = z.number().min(0).max(8.64e15);
const by = z.string().optional();

/** What a journal holds as JSON is parsed in each replay: what cannot be must not get there. */
const json = z.string().refine(isJson, 'expected JSON');

const payload: z.ZodType<Payload> = z.union([
  json,
  z.strictObject({ blob: z.string(), bytes: z.int().nonnegative(), digest: z.string() }),
]);

const storedError: z.ZodType<StoredError> = z.strictObject({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  stack: z.string().optional(),
  details: json.optional(),
  cause: z.lazy(() => storedError).optional(),
});

const command = { id: eventId, at, epoch: z.number().int().nonnegative(), by };

const outsideEvent: z.ZodType<OutsideEvent> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('run_signalled'),
    id: eventId,
    at,
    name: z.string(),
    payload: payload.optional(),
    by,
  }),
  z.strictObject({ type: z.literal('run_cancel_requested'), ...command, reason: z.string().optional() }),
  z.strictObject({ type: z.literal('run_paused'), ...command, issuedAt: at }),
  z.strictObject({ type: z.literal('run_resumed'), ...command, issuedAt: at }),
  z.strictObject({
    type: z.literal('child_settled'),
    id: eventId,
    at,
    key: z.string(),
    outcome: z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('completed'), output: payload.optional() }),
      z.strictObject({ status: z.enum(['failed', 'cancelled']), error: storedError }),
    ]),
  }),
]);

const birth: z.ZodType<Birth> = z.strictObject({
  format: z.int().positive(),
  id,
  nonce: id,
  workflow: z.string(),
  version: z.int().nonnegative(),
  input: payload.optional(),
  inputDigest: z.string().optional(),
  createdAt: at,
  deadline: at,
  retention: z.number().nonnegative(),
  idempotencyKey: z.string().optional(),
  correlationId: z.string().optional(),
  parent: z.strictObject({ id, nonce: id, key: z.string(), expiresAt: z.number() }).optional(),
  origin: z.string().optional(),
  host: z.string().optional(),
});

export const messageSchema: z.ZodType<Message> = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('start'), run: id, nonce: id, birth: birth.optional() })
    .refine(
      ({ run, nonce, birth }) => birth === undefined || isBirthOf(birth, run, nonce),
      "expected the run's own birth",
    ),
  z.strictObject({
    kind: z.literal('wake'),
    run: id,
    nonce: id.optional(),
    from: z.enum(['sweeper', 'opening', 'deployment']).optional(),
  }),
  z
    .strictObject({
      kind: z.literal('mail'),
      run: id,
      nonce: id,
      // By its id a mail is found again, by the event's it is known as heard.
      mail: z
        .strictObject({ id: eventId, event: outsideEvent })
        .refine((mail) => mail.id === mail.event.id, "expected the event's id"),
      expiresAt: at.optional(),
    })
    .refine(({ run, mail }) => isKeptFor(run, payloadOf(mail.event)), 'expected a payload that is kept for the run'),
]);

function isUsableId(text: string): boolean {
  return text !== '' && isPlainText(text, LONGEST_ID_BYTES);
}

function isBirthOf({ id, nonce, input }: Birth, run: string, nonceOfRun: string): boolean {
  return id === run && nonce === nonceOfRun && isKeptFor(run, input);
}

/** A run's blobs are its own: no message makes it read another's. */
function isKeptFor(run: string, given: Payload | undefined): boolean {
  return typeof given !== 'object' || (given.blob.startsWith(`${run}/`) && given.blob.length > run.length + 1);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
