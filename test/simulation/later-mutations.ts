import {
  admission,
  appender,
  drive,
  handOver,
  type Mutation,
  outbox,
  scope,
  suspension,
  tell,
  turn,
} from './mutation.ts';

/** The guards of durability, races, and runs that go on as others. */
export const laterMutations: Mutation[] = [
  // --- durability, races
  {
    name: 'relaxed-carries-nothing',
    rule: 'K27',
    guard: 'with relaxed durability nothing is carried over a lost position',
    patches: [turn('return !this.#relaxed || this.#journal.started.has(key);', 'return true;')],
  },
  {
    name: 'relaxed-flushes-children',
    rule: 'K27',
    guard: 'with relaxed durability children and atMostOnce steps are flushed first',
    patches: [
      turn(
        "this.#relaxed && request.kind === 'step' && !request.spec.atMostOnce && !this.#journal",
        'this.#relaxed && !this.#journal',
      ),
    ],
  },
  {
    name: 'races-close-losers',
    rule: 'K28',
    guard: 'a race closes its losers at the deciding event',
    patches: [scope('for (const task of tasks) task.close();', '')],
  },

  // --- continuing
  {
    name: 'hand-over-untaken',
    rule: 'K22',
    guard: 'a successor gets the signals that nobody has taken',
    patches: [
      outbox(
        'await handOver(ports, journal, successor, continued.untaken)',
        'await handOver(ports, journal, successor, [])',
      ),
    ],
  },
  {
    name: 'foreign-is-no-claim',
    rule: 'K8',
    guard: 'a claim that lost its place to an event from outside is made anew',
    patches: [turn("result === 'written' ? claim.leaseUntil : this.#heldUntil();", 'claim.leaseUntil;')],
  },
  {
    name: 'relaxed-keeps-at-most-once',
    rule: 'K27',
    guard: 'a step that is marked as started is kept over a lost position, whatever the durability',
    patches: [turn('return !this.#relaxed || this.#journal.started.has(key);', 'return !this.#relaxed;')],
  },
  {
    name: 'blobs-again',
    rule: 'K5',
    guard: 'blobs that do not answer for a moment do not end the turn',
    patches: [
      turn(': retrying(this.#ports, () => loadPayload(this.#ports, payload));', ': loadPayload(this.#ports, payload);'),
    ],
  },
  {
    name: 'timers-before-children',
    rule: 'K24',
    mode: 'faults',
    guard: 'they come before the end of a child that the parent has looked up, too',
    patches: [
      turn(
        'if (isOutside(arrival.event)) return this.#fireTimers(arrival.event.at).then(() => this.#feedResult(arrival));',
      ),
    ],
  },
  {
    name: 'forward',
    rule: 'K22',
    guard: 'mail that comes after the head was closed is passed on to the successor',
    patches: [admission("asked.kind === 'mail' && unread.length > 0 && goesOn(current.end)", 'false')],
  },
  {
    name: 'hand-over-resume',
    rule: 'K20',
    mode: 'calm',
    guard: 'a successor hears of the last resume, so that a pause which that has overtaken does not hold it',
    patches: [handOver('await handOverResume(ports, journal, to);')],
  },
  {
    name: 'blocked-until-deadline',
    rule: 'K25',
    mode: 'faults',
    guard: 'a blocked run is looked at when its grace ends',
    patches: [
      suspension(
        'Math.min(now + blockedDelay(blocks), birth.deadline + limits.timeoutGraceMs)',
        'now + blockedDelay(blocks)',
      ),
    ],
  },
  {
    name: 'tell-successor',
    rule: 'K22',
    mode: 'moment',
    guard: 'where the queue forgets, whoever tells a run that has ended tells its successor',
    patches: [tell('if (hasEnded) await tellSuccessor(ports, birth, event);')],
  },

  // --- turns that are cut off
  {
    name: 'at-most-once-keeps-claim',
    rule: 'K12',
    mode: 'kill',
    guard: 'a turn cut off during an atMostOnce step leaves its claim standing',
    patches: [turn('if (running.some(({ atMostOnce }) => atMostOnce)) {', 'if (false) {')],
  },

  // --- what a process knows of a run
  {
    name: 'known-durable',
    rule: 'K9',
    guard: 'a process knows nothing of a run that only a turn of its own would have written',
    patches: [
      appender(
        "if (standing.driver && standing.driver.id !== this.#driver) return 'lost';",
        "if (standing.driver && standing.driver.id !== this.#driver) {\n      extendJournal(journal, chunk);\n      return 'lost';\n    }",
      ),
    ],
  },
  {
    name: 'known-nonce',
    rule: 'K7',
    mode: 'reborn',
    guard: 'what was known of a run that was deleted is not taken for the one that came after it',
    patches: [drive('news?.head.birth.nonce === kept?.journal.birth.nonce', 'news !== undefined')],
  },
  {
    name: 'known-program',
    rule: 'K1',
    guard: 'a program that was fed what a turn then could not write is not gone on with',
    patches: [turn('    this.#known.suspended = undefined;\n')],
  },
];
