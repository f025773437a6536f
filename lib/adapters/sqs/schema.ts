/** What a message may look like. Strict, since whoever may write to the queue can put anything there. */
import * as z from 'zod';
import type { OutsideEvent, Payload, StoredError } from '../../kernel/events.ts';
import type { Message } from '../../ports/queue.ts';

/** Longer ones are no identifiers of Pawl, and would not fit the store's keys. */
const id = z.string().min(1).max(512);
const at = z.number();
const by = z.string().optional();

const payload: z.ZodType<Payload> = z.union([
  z.string(),
  z.strictObject({ blob: z.string().min(1), bytes: z.number().int().nonnegative(), digest: z.string().min(1) }),
]);

const storedError: z.ZodType<StoredError> = z.strictObject({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  stack: z.string().optional(),
  details: z.string().optional(),
  cause: z.lazy(() => storedError).optional(),
});

const command = { id, at, epoch: z.number().int().nonnegative(), by };

const outsideEvent: z.ZodType<OutsideEvent> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('run_signalled'),
    id,
    at,
    name: z.string().min(1),
    payload: payload.optional(),
    by,
  }),
  z.strictObject({ type: z.literal('run_cancel_requested'), ...command, reason: z.string().optional() }),
  z.strictObject({ type: z.literal('run_paused'), ...command, issuedAt: at }),
  z.strictObject({ type: z.literal('run_resumed'), ...command, issuedAt: at }),
  z.strictObject({
    type: z.literal('child_settled'),
    id,
    at,
    key: z.string().min(1),
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
    mail: z.strictObject({ id, event: outsideEvent }),
    expiresAt: at.optional(),
  }),
]);
