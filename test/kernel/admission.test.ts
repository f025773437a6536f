import { describe, expect, test } from 'vitest';
import { type Admission, type Asked, admit, mayBeginUnread, type Situation } from '../../lib/kernel/admission.ts';
import type { Mail } from '../../lib/kernel/events.ts';
import type { Head, HeadState } from '../../lib/kernel/head.ts';
import { type Journal, openJournal, type Phase } from '../../lib/kernel/journal.ts';
import { completedEvent, testBirth } from './journal-parts.ts';

const now = 1_000_000;
const birth = testBirth({ createdAt: now - 1_000 });

const start: Asked = { kind: 'start', receives: 1 };
const wake: Asked = { kind: 'wake', receives: 1 };
const mail: Asked = { kind: 'mail', receives: 1 };
const sweeper: Asked = { kind: 'wake', from: 'sweeper', receives: 1 };
const deployment: Asked = { kind: 'wake', from: 'deployment', receives: 1 };
const again = (asked: Asked): Asked => ({ ...asked, receives: 2 });

const fresh: Phase = { phase: 'fresh' };
const claimed = (leaseUntil: number): Phase => ({ phase: 'claimed', driver: 'a.1', leaseUntil });
const suspended = (wakeAt: number): Phase => ({ phase: 'suspended', wakeAt, awaiting: [], paused: false });
const blocked = (retryAt: number, at = now): Phase => ({
  phase: 'blocked',
  at,
  code: 'crashing',
  message: 'It crashes',
  retryAt,
});
const settled: Phase = { phase: 'settled', end: completedEvent(now) };

const unread: Mail[] = [{ id: 'm', event: { type: 'run_signalled', id: 'm', at: now, name: 's' } }];

const lazy: Admission = { do: 'turn', lazy: true, takeover: false };
const eager: Admission = { do: 'turn', lazy: false, takeover: false };
const takeover: Admission = { do: 'turn', lazy: false, takeover: true };
const leave: Admission = { do: 'leave' };

interface Given {
  head?: Partial<Head>;
  state?: HeadState;
  mail?: Mail[];
  gone?: boolean;
  other?: boolean;
  createdAt?: number;
}

function situation(current: Phase, given: Given = {}): Situation {
  const own = { ...birth, createdAt: given.createdAt ?? birth.createdAt };
  const journal: Journal = { ...openJournal(own), position: 3, current };
  const state = given.state ?? { status: 'waiting', wakeAt: 'wakeAt' in current ? current.wakeAt : now + 10_000 };
  return {
    head: { birth: own, position: 3, state, expiresAt: now * 2, ...given.head },
    journal,
    unread: given.mail ?? [],
    now,
    ownerIsGone: given.gone ?? false,
    ownerIsOther: given.other ?? false,
    graceMs: 30_000,
  };
}

const rows: [title: string, asked: Asked, phase: Phase, given: Given, expected: Admission][] = [
  ['K8: the first delivery of a start message is lazy', start, fresh, {}, lazy],
  ['K11: a second delivery of it is a takeover', again(start), fresh, {}, takeover],
  [
    'K8: a start message that comes late is not lazy: the sweeper may have been there',
    start,
    fresh,
    { createdAt: now - 15_000 },
    takeover,
  ],
  ['K10: a wake does not start a fresh run', wake, fresh, {}, leave],
  ['K10: mail does not start a fresh run', mail, fresh, { mail: unread }, leave],
  ['K10: the sweeper starts a fresh run', sweeper, fresh, {}, takeover],
  ['not while the process that holds its start message lives', sweeper, fresh, { other: true }, leave],
  ['but once that process is gone', sweeper, fresh, { other: true, gone: true }, takeover],
  ['a fresh run that is closed stays closed', start, fresh, { state: { status: 'cancelled', closedAt: 1 } }, leave],

  ['K19: a live claim is left alone', wake, claimed(now + 1), {}, leave],
  ['also by mail, which the driver will read', mail, claimed(now + 1), { mail: unread }, leave],
  ['a claim that has expired is taken over', wake, claimed(now), {}, takeover],
  ['a claim of a dead process is taken over at once', wake, claimed(now + 1), { gone: true }, takeover],

  ['K11: a due suspended run goes on, without a takeover on a first delivery', wake, suspended(now), {}, eager],
  ['K11: a due suspended run, woken by the sweeper', sweeper, suspended(now), {}, takeover],
  ['K11: a due suspended run, on a second delivery', again(wake), suspended(now), {}, takeover],
  ['unread mail is a reason whatever woke it', wake, suspended(now + 9), { mail: unread }, eager],
  ['a suspended run that is not due is left', wake, suspended(now + 9), {}, leave],
  [
    'K16: a head that is behind is repaired',
    wake,
    suspended(now + 9),
    { head: { position: 2 }, state: { status: 'running', wakeAt: now } },
    { do: 'repair' },
  ],
  [
    'K16: a head lowered for nothing asks for a new suspend',
    wake,
    suspended(now + 9),
    { state: { status: 'running', wakeAt: now + 8 } },
    { do: 'suspend_again', wakeAt: now + 9 },
  ],

  ['a blocked run waits for its time', wake, blocked(now + 1), {}, leave],
  ['a blocked run that is due is tried', wake, blocked(now), {}, eager],
  ['a blocked run is tried when mail comes', mail, blocked(now + 1), { mail: unread }, eager],
  [
    'a blocked run is tried by whoever finds mail that came since',
    wake,
    blocked(now + 1, now - 60_000),
    { mail: unread },
    eager,
  ],
  ['a blocked run is not tried for mail that it had before', wake, blocked(now + 1), { mail: unread }, leave],
  ['a blocked run is tried after a deployment', deployment, blocked(now + 1), {}, eager],

  ['K21: a settled run absorbs', mail, settled, { mail: unread, state: { status: 'completed', closedAt: 1 } }, leave],
  ['K22: a settled journal under an open head tells again', wake, settled, {}, { do: 'announce' }],
];

describe('what a message leads to', () => {
  test.each(rows)('%s', (_title, asked, phase, given, expected) => {
    const state: Given =
      phase.phase === 'blocked' ? { state: { status: 'blocked', wakeAt: phase.retryAt, reason: '' } } : {};
    expect(admit(asked, situation(phase, { ...state, ...given }))).toEqual(expected);
  });
});

test.each([
  ['a start message that comes at once', 1, 1_999, true],
  ['not one that comes later', 1, 2_000, false],
  ['nor one that comes again', 2, 0, false],
])('K8: a turn may begin while the run is read: %s', (_, receives, ageMs, expected) => {
  expect(mayBeginUnread({ receives }, testBirth({ createdAt: now - ageMs }), now, 2_000)).toBe(expected);
});
