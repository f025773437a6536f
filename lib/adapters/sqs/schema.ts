/** What a message may look like. Strict, since whoever may write to the queue can put anything there. */
import * as z from 'zod';
import type { OutsideEvent, Payload, StoredError } from '../../kernel/events.ts';
import type { Message } from '../../ports/queue.ts';
import { isPlainText, LONGEST_ID_BYTES } from '../store-rules.ts';

/** Of a run and of its records: others than these no store takes. */
const id = z.string().refine(isUsableId, `expected an id of 1 to ${LONGEST_ID_BYTES} bytes without control characters`);
/** Of an outside event: of any length, since it may hold a task's key. */
const eventId = z.string().min(1);
const at = z.number();
const by = z.string().optional();

const payload: z.ZodType<Payload> = z.union([
  z.string(),
  z.strictObject({ blob: z.string(), bytes: z.number(), digest: z.string() }),
]);

const storedError: z.ZodType<StoredError> = z.strictObject({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  stack: z.string().optional(),
  details: z.string().optional(),
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

export const messageSchema: z.ZodType<Message> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), run: id, nonce: id }),
  z.strictObject({
    kind: z.literal('wake'),
    run: id,
    nonce: id.optional(),
    from: z.enum(['sweeper', 'opening', 'deployment']).optional(),
  }),
  z.strictObject({
    kind: z.literal('mail'),
    run: id,
    nonce: id,
    mail: z.strictObject({ id: eventId, event: outsideEvent }),
    expiresAt: at.optional(),
  }),
]);

function isUsableId(text: string): boolean {
  return text !== '' && isPlainText(text, LONGEST_ID_BYTES);
}
