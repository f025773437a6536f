import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBody, messageBytes, toBody, toDelivery } from '../../lib/adapters/sqs/message.ts';
import type { Birth, Mail, OutsideEvent } from '../../lib/kernel/events.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { aHead, T0 } from '../conformance/samples.ts';

const command = { id: 'c', at: T0, epoch: 3, by: 'cli' };
const outsideEvents: OutsideEvent[] = [
  { type: 'run_signalled', id: 's', at: T0 + 0.5, name: 'approved', payload: '{"by":"Zoë"}' },
  {
    type: 'run_signalled',
    id: 's',
    at: T0,
    name: 'a',
    payload: { blob: 'run-1/x', bytes: 1_000_000, digest: 'abc' },
    by: 'x',
  },
  { type: 'run_signalled', id: 's', at: T0, name: 'without a payload' },
  { type: 'run_cancel_requested', ...command, reason: 'changed my mind' },
  { type: 'run_paused', ...command, issuedAt: T0 },
  { type: 'run_resumed', ...command, issuedAt: T0 },
  { type: 'child_settled', id: 'x', at: T0, key: 'child', outcome: { status: 'completed', output: 'null' } },
  { type: 'child_settled', id: 'x', at: T0, key: 'child', outcome: { status: 'completed' } },
  {
    type: 'child_settled',
    id: 'x',
    at: T0,
    key: 'child',
    outcome: {
      status: 'failed',
      error: { name: 'E', message: '', code: 'e', cause: { name: 'C', message: 'm', stack: 'at' } },
    },
  },
  {
    type: 'child_settled',
    id: 'x',
    at: T0,
    key: 'k',
    outcome: { status: 'cancelled', error: { name: 'E', message: '' } },
  },
];

/** As long as limits let it be. */
const longKey = `${'ä'.repeat(599)}a`;

const messages: Message[] = [
  { kind: 'wake', run: 'ä'.repeat(100), nonce: 'n' },
  {
    kind: 'mail',
    run: 'run-1',
    nonce: 'n',
    mail: {
      id: `settled:${longKey}`,
      event: {
        type: 'child_settled',
        id: `settled:${longKey}`,
        at: T0,
        key: longKey,
        outcome: { status: 'completed' },
      },
    },
  },
  { kind: 'start', run: 'run-1', nonce: 'n' },
  { kind: 'start', run: 'run-1', nonce: 'nonce-1', birth: aHead().birth },
  { kind: 'start', run: 'run-1', nonce: 'nonce-1', birth: aFullBirth() },
  { kind: 'wake', run: 'run-1' },
  { kind: 'wake', run: 'run-1', nonce: 'n', from: 'sweeper' },
  { kind: 'wake', run: 'run-1', from: 'opening' },
  { kind: 'wake', run: 'run-1', from: 'deployment' },
  ...outsideEvents.map((event): Message => ({ kind: 'mail', run: 'run-1', nonce: 'n', mail: { id: event.id, event } })),
  { kind: 'mail', run: 'run-1', nonce: 'n', mail: mailOf({ payload: '"x"' }), expiresAt: T0 + 1 },
];

/** With all that a birth can carry. */
function aFullBirth(): Birth {
  return aHead({
    birth: {
      input: { blob: 'run-1/input', bytes: 100_000, digest: 'abc' },
      idempotencyKey: 'order 7\n',
      correlationId: 'Zoë',
      parent: { id: 'run-0', nonce: 'nonce-0', key: longKey, expiresAt: T0 + 1 },
      origin: 'run run-0',
      host: 'process',
    },
  }).birth;
}

function startWith(birth: Partial<Birth>): unknown {
  return { kind: 'start', run: 'run-1', nonce: 'nonce-1', birth: { ...aHead().birth, ...birth } };
}

function mailOf(more: { payload?: string }): Mail {
  return { id: 's', event: { type: 'run_signalled', id: 's', at: T0, name: 'approved', ...more } };
}

function bodyOf(message: unknown, format: unknown = 1): string {
  return JSON.stringify({ format, message });
}

describe('messages as bodies', () => {
  test.each(messages.map((message) => [JSON.stringify(message), message]))('%s comes back as it was', (_, message) => {
    expect(fromBody(toBody(message))).toEqual({ message });
  });

  test('characters that SQS refuses are written as escapes, and come back', () => {
    const message: Message = {
      kind: 'mail',
      run: 'r',
      nonce: 'n',
      mail: mailOf({ payload: JSON.stringify('\u0000\uFFFE\uFFFF\uD800 🎉') }),
    };
    const body = toBody(message);
    expect(body).toMatch(/^[\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u);
    expect(fromBody(body)).toEqual({ message });
  });

  test('a message is measured in bytes, and one above the limit is refused with the limit and what to do', () => {
    const withText = (text: string): Message => ({
      kind: 'mail',
      run: 'r',
      nonce: 'n',
      mail: mailOf({ payload: text }),
    });
    const room = messageBytes - Buffer.byteLength(toBody(withText('')));
    expect(Buffer.byteLength(toBody(withText('x'.repeat(room))))).toBe(messageBytes);
    expect(() => toBody(withText(`${'x'.repeat(room - 1)}ä`))).toThrow(
      expect.objectContaining({
        code: 'too_large',
        message: expect.stringMatching(/1048577 bytes; SQS takes messageBytes = 1048576\. Send less/),
      }),
    );
  });

  test.each([
    ['no JSON', '{', /not JSON/],
    ['no object', '[]', /no message of Pawl/],
    ['nothing', 'null', /no message of Pawl/],
    ['what others write', '{"Records":[]}', /no message of Pawl/],
    ['a newer format', bodyOf(messages[0], 2), /format 2; this code reads 1/],
    ['no format at all', bodyOf(messages[0], null), /format null/],
    ['an unknown kind', bodyOf({ kind: 'drop', run: 'r' }), /not as expected/],
    ['a field too few', bodyOf({ kind: 'start', run: 'r' }), /at nonce/],
    ['a field too many', bodyOf({ kind: 'wake', run: 'r', admin: true }), /admin/],
    ['an empty run', bodyOf({ kind: 'wake', run: '' }), /at run/],
    ['a run that is too long for a key', bodyOf({ kind: 'wake', run: 'ä'.repeat(101) }), /at run/],
    ['a run with control characters', bodyOf({ kind: 'wake', run: 'a\nb' }), /at run/],
    ['an unknown source', bodyOf({ kind: 'wake', run: 'r', from: 'elsewhere' }), /at from/],
    ['an event that is not from outside', bodyOf(withEvent({ type: 'run_completed', at: 1 })), /mail\.event\.type/],
    ['an event without a time', bodyOf(withEvent({ type: 'run_signalled', id: 's', name: 'n' })), /mail\.event\.at/],
    [
      'a payload that is no JSON text',
      bodyOf(withEvent({ type: 'run_signalled', id: 's', at: 1, name: 'n', payload: 7 })),
      /mail\.event\.payload/,
    ],
    [
      'a payload that does not parse',
      bodyOf(withEvent({ type: 'run_signalled', id: 's', at: 1, name: 'n', payload: '{' })),
      /expected JSON/,
    ],
    [
      'a payload that is kept for another run',
      bodyOf(
        withEvent({
          type: 'run_signalled',
          id: 's',
          at: 1,
          name: 'n',
          payload: { blob: 'x/1', bytes: 1, digest: 'd' },
        }),
      ),
      /kept for the run/,
    ],
    [
      'a time that no date can have',
      bodyOf(withEvent({ type: 'run_signalled', id: 's', at: 8.64e15 + 1, name: 'n' })),
      /mail\.event\.at/,
    ],
    [
      "another id than the event's",
      bodyOf(withEvent({ type: 'run_signalled', id: 'other', at: 1, name: 'n' })),
      /expected the event's id/,
    ],
    ["another run's birth", bodyOf(startWith({ id: 'run-2' })), /the run's own birth/],
    ['the birth of an earlier run of that id', bodyOf(startWith({ nonce: 'nonce-0' })), /the run's own birth/],
    [
      'an input that is kept for another run',
      bodyOf(startWith({ input: { blob: 'run-2/input', bytes: 1, digest: 'd' } })),
      /the run's own birth/,
    ],
    ['an input that does not parse', bodyOf(startWith({ input: '{' })), /birth\.input/],
    ['a birth that never ends', bodyOf(startWith({ deadline: Number.POSITIVE_INFINITY })), /birth\.deadline/],
  ])('%s is unreadable, with a reason', (_, body, reason) => {
    expect(fromBody(body)).toEqual({ unreadable: expect.stringMatching(reason) });
  });

  test('a body that nests without end is unreadable, too', () => {
    const deep = `${'{"name":"E","message":"m","cause":'.repeat(20_000)}null${'}'.repeat(20_000)}`;
    const event = `{"type":"child_settled","id":"x","at":1,"key":"k","outcome":{"status":"failed","error":${deep}}}`;
    const body = `{"format":1,"message":{"kind":"mail","run":"r","nonce":"n","mail":{"id":"x","event":${event}}}}`;
    expect(fromBody(body)).toEqual({ unreadable: expect.any(String) });
  });

  test('no body, whatever it is, makes reading fail', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => bodyOf(value)),
        ),
        (body) => {
          expect(fromBody(body)).toEqual({ unreadable: expect.any(String) });
        },
      ),
    );
  });
});

describe('records of an SQS event', () => {
  const record = (body: string, ApproximateReceiveCount: string) => ({
    body,
    receiptHandle: 'handle',
    attributes: { ApproximateReceiveCount },
  });

  test('become deliveries with their count and receipt', () => {
    const message: Message = { kind: 'wake', run: 'r' };
    expect(toDelivery(record(toBody(message), '4'))).toEqual({ message, receives: 4, receipt: 'handle' });
  });

  test('count as received once if nothing is said of it', () => {
    expect(toDelivery(record(toBody({ kind: 'wake', run: 'r' }), ''))).toMatchObject({ receives: 1 });
  });

  test('that cannot be read say why', () => {
    expect(toDelivery(record('hello', '1'))).toEqual({ unreadable: 'it is not JSON' });
  });
});

function withEvent(event: unknown): unknown {
  return { kind: 'mail', run: 'r', nonce: 'n', mail: { id: 's', event } };
}
