import { laterMutations } from './later-mutations.ts';
import {
  admission,
  alone,
  appender,
  createRun,
  deliver,
  drive,
  effects,
  headKeeper,
  journal,
  type Mutation,
  mailbox,
  memoryStore,
  outbox,
  parking,
  payload,
  program,
  storeRules,
  suspects,
  suspension,
  sweep,
  turn,
} from './mutation.ts';

/** The guards of the kernel, each with the source without it. The simulation has to see that one is missing. */
export const mutations: Mutation[] = [
  // --- the program and the journal
  {
    name: 'macrotask',
    rule: 'K1',
    guard: 'a program has come to rest after a macrotask, not after some microtasks',
    patches: [
      program(
        'return this.#clock.macrotask().then(this.#quiesced);',
        'return Promise.resolve().then(() => {}).then(() => {}).then(this.#quiesced);',
      ),
    ],
  },
  {
    name: 'fed-in-the-loop',
    rule: 'K1',
    guard: 'nothing is fed while an append is in flight',
    patches: [
      turn(
        '    this.#arrivals.push(arrival);\n    this.wake();',
        '    this.#arrivals.push(arrival);\n    void this.#feedArrival()?.then(() => this.wake());',
      ),
    ],
  },
  {
    name: 'flush-before-effect',
    rule: 'K2',
    guard: 'an effect starts after the events that it follows from are durable',
    patches: [turn('if (request.after <= this.#durableSeq()) return true;', 'return true;')],
  },
  {
    name: 'flush-before-retry',
    rule: 'K2',
    guard: 'a failed attempt is durable before the next one starts',
    patches: [
      program(
        '          request.after = this.#seq;\n          this.pending.add(request);',
        '          this.pending.add(request);',
      ),
    ],
  },
  {
    name: 'replay-after-foreign',
    rule: 'K3',
    guard: 'a foreign event wins its place, and the program is made anew',
    patches: [
      turn(
        "    if (result === 'foreign') {\n      await this.#rebuild();\n      return result;\n    }",
        "    if (result === 'foreign') return result;",
      ),
    ],
  },
  {
    name: 'carry-over',
    rule: 'K3',
    guard: 'what own effects have produced is carried over a lost position',
    patches: [turn('[...this.#unrecorded, ...this.#arrivals].filter(({ key }) => this.#isFirm(key))', '[]')],
  },
  {
    name: 'carry-unrecorded',
    rule: 'K3',
    guard: 'outcomes that were fed and not yet written are carried over, too',
    patches: [turn('[...this.#unrecorded, ...this.#arrivals].filter', 'this.#arrivals.filter')],
  },
  {
    name: 'carry-what-comes-meanwhile',
    rule: 'K3',
    guard: 'so are those that come while the program is made anew',
    patches: [
      turn(
        '    await this.#look();\n    await this.#replay();\n',
        '    const early = this.#arrivals.slice();\n    await this.#look();\n    await this.#replay();\n    this.#arrivals = early;\n',
      ),
    ],
  },
  {
    name: 'attach-running',
    rule: 'K3',
    guard: 'running effects are attached to again',
    patches: [
      turn(
        'for (const { key, attempt } of [...carried, ...this.#effects.running.values()]) this.#takePending(key, attempt);',
        'for (const { key, attempt } of carried) this.#takePending(key, attempt);',
      ),
      turn('if (this.#effects.running.has(request.key)) this.program.pending.delete(request);\n      else if', 'if'),
    ],
  },
  {
    name: 'stop-when-durable',
    rule: 'K4',
    mode: 'calm',
    guard: 'losers are stopped once the event that decided is durable',
    patches: [
      turn('const decided = stops.findIndex(({ after }) => after > this.#durableSeq());', 'const decided = -1;'),
      turn(
        '    const needsWrite = this.#startEffects(now);\n',
        '    void this.#stopEffects();\n    const needsWrite = this.#startEffects(now);\n',
      ),
    ],
  },
  {
    name: 'keep-losers-outcome',
    rule: 'K4',
    mode: 'calm',
    guard: "a loser's outcome is kept until the event that decided is durable",
    patches: [turn('if (this.#tail.length > 0) this.#unrecorded.push(arrival);', '')],
  },
  {
    name: 'own-write',
    rule: 'K5',
    guard: "an append that the store had applied before it timed out is known as one's own",
    patches: [
      appender(
        'if (standing.driver && standing.driver.id !== this.#driver)',
        'if (!answer.appended && standing.driver)',
      ),
    ],
  },
  {
    name: 'absorb-with-last-part',
    rule: 'K6',
    guard: 'mail is deleted by the append that holds the last of its events',
    patches: [appender('index === parts.length - 1 ? absorbed : []', 'absorbed')],
  },

  {
    name: 'nonce-of-journal',
    rule: 'K7',
    guard: 'events and mail lie under the nonce of their run',
    patches: [memoryStore('.find((journal) => journal.nonce === nonce)', '.[0]')],
  },
  {
    name: 'nonce-of-head',
    rule: 'K7',
    mode: 'stall',
    guard: 'a head is changed only by those who have read it under its nonce',
    patches: [storeRules('  if (guard.nonce !== nonce) return false;\n')],
  },
  {
    name: 'nonce-of-message',
    rule: 'K7',
    mode: 'calm',
    guard: 'a message for a run that was deleted is not for the one that came after it',
    patches: [drive('if (message.nonce !== undefined && message.nonce !== head.birth.nonce) {', 'if (false) {')],
  },

  {
    name: 'nonce-of-blobs',
    rule: 'K7',
    mode: 'reborn',
    guard: 'large payloads lie under the nonce of their run',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source.
    patches: [payload('ids.digest(`blobs\\n${nonce}`)', "ids.digest('blobs')")],
  },

  // --- leases, claims, takeovers
  {
    name: 'claim-before-effect',
    rule: 'K8',
    guard: 'a turn claims the run before its first effect',
    patches: [turn('this.#claimed = start.lazy;', 'this.#claimed = true;')],
  },
  {
    name: 'lazy-only-early',
    rule: 'K8',
    mode: 'calm',
    guard: 'the first turn is lazy only while no sweeper can be on its way',
    patches: [admission('firstDelivery && now < journal.birth.createdAt + graceMs / 2', 'firstDelivery')],
  },
  {
    name: 'lazy-only-once',
    rule: 'K8',
    mode: 'poison',
    guard: 'a start message that was received before is not lazy',
    patches: [admission('firstDelivery && now < journal', 'now < journal')],
  },
  {
    name: 'unread-only-early',
    rule: 'K8',
    guard: 'a turn begins while the run is read only if the run has just been created',
    patches: [admission('receives === 1 && now < birth.createdAt + earlyMs', 'receives === 1')],
  },
  {
    name: 'unread-only-first',
    rule: 'K8',
    mode: 'reborn',
    guard: 'so it does only in a process that has not had a start message of that run',
    patches: [
      drive('if (birth === undefined || !isFirst) return undefined;', 'if (birth === undefined) return undefined;'),
    ],
  },
  {
    name: 'unread-no-further',
    rule: 'K8',
    guard: 'such a turn has read the run before it does more than record first steps',
    patches: [turn('    if (this.#reading && !this.#isAtFirstSteps(now)) return this.#reading;\n')],
  },
  {
    name: 'own-append-is-no-loss',
    rule: 'K9',
    guard: 'what a turn reads of itself, if it has begun unread, is no loss',
    patches: [mailbox('next?.driver && next.driver.id !== this.#driver', 'next?.driver')],
  },
  {
    name: 'heartbeat',
    rule: 'K8',
    guard: 'the lease is renewed while steps run',
    patches: [
      turn('    if (now >= this.#nextHeartbeat && this.#effects.running.size > 0) return true;\n'),
      turn(
        'moments.push(this.#nextVisible(), this.#nextHeartbeat, this.#nextWatch)',
        'moments.push(this.#nextVisible(), this.#nextWatch)',
      ),
    ],
  },
  {
    name: 'live-claim',
    rule: 'K8',
    guard: 'a run with a live claim is left to its driver',
    patches: [admission("if (current.leaseUntil > now && !ownerIsGone) return { do: 'leave' };")],
  },
  {
    name: 'loss-ends-turn',
    rule: 'K9',
    guard: 'a position lost to another driver ends the turn',
    patches: [
      appender("if (standing.driver && standing.driver.id !== this.#driver) return 'lost';"),
      mailbox('if (next?.driver && next.driver.id !== this.#driver) throw new Lost();'),
    ],
  },
  {
    name: 'loss-at-watch',
    rule: 'K9',
    guard: "another driver's append that a watch reads ends the turn",
    patches: [mailbox('if (next?.driver && next.driver.id !== this.#driver) throw new Lost();')],
  },
  {
    name: 'only-start-starts',
    rule: 'K10',
    guard: 'mail and wakes do not start a fresh run',
    patches: [admission("if (asked.from === 'sweeper' && (ownerIsGone || !ownerIsOther))", 'if (true)')],
  },
  {
    name: 'host-starts',
    rule: 'K10',
    guard: 'the sweeper leaves a fresh run to the living process that holds its start message',
    patches: [
      admission("if (asked.from === 'sweeper' && (ownerIsGone || !ownerIsOther))", "if (asked.from === 'sweeper')"),
    ],
  },
  {
    name: 'takeover-mark',
    rule: 'K11',
    guard: 'the append that replaces an expired claim says so',
    patches: [
      admission(
        "!ownerIsGone) return { do: 'leave' };\n      return { do: 'turn', lazy: false, takeover: true };",
        "!ownerIsGone) return { do: 'leave' };\n      return { do: 'turn', lazy: false, takeover: false };",
      ),
    ],
  },
  {
    name: 'takeover-mark-when-parked',
    rule: 'K11',
    mode: 'kill',
    guard: 'so does one that only parks the run',
    patches: [
      parking(
        'const claim = { leaseUntil: ports.clock.now(), takeover };',
        'const claim = { leaseUntil: ports.clock.now(), takeover: false };',
      ),
    ],
  },
  {
    name: 'suspects',
    rule: 'K12',
    guard: 'a crash makes every started task without outcome a suspect',
    patches: [journal('journal.suspects.add(key);')],
  },
  {
    name: 'mark-at-most-once',
    rule: 'K12',
    guard: 'an atMostOnce step is marked as started before it runs',
    patches: [turn('!(this.#suspects.isStrict() || request.spec.atMostOnce)', '!this.#suspects.isStrict()')],
  },
  {
    name: 'outcome-unknown',
    rule: 'K12',
    guard: 'an atMostOnce step that was interrupted does not run again',
    patches: [suspects('if (spec.atMostOnce) {', 'if (false) {')],
  },
  {
    name: 'strict-after-takeover',
    rule: 'K12',
    guard: 'after a takeover every step is marked before it runs',
    patches: [suspects('return this.#journal.takeovers > 0 || this.any();', 'return false;')],
  },
  {
    name: 'alone-in-the-run',
    rule: 'K12',
    mode: 'poison',
    guard: 'a suspect runs with no other step of its run beside it',
    patches: [
      turn(
        'const mayRun =\n      !this.#suspects.any() || (isSuspect && this.#effects.running.size === 0 && this.#suspects.enter(key));',
        'const mayRun = true;',
      ),
    ],
  },
  {
    name: 'alone-in-the-process',
    rule: 'K12',
    mode: 'poison',
    guard: 'suspects of several runs of a process run one after the other',
    patches: [alone('if (taken) {', 'if (false) {')],
  },
  {
    name: 'leave-when-durable',
    rule: 'K12',
    mode: 'poison',
    guard: 'a suspect lets another one in once its outcome is durable',
    patches: [
      turn(
        '    const request = this.program.open.get(key);\n    if (!request) {',
        '    const request = this.program.open.get(key);\n    this.#suspects.leave(key);\n    if (!request) {',
      ),
    ],
  },
  {
    name: 'crashes-alone-count',
    rule: 'K12',
    mode: 'poison',
    guard: 'only a crash while alone counts against a step',
    patches: [journal('if (alone) journal.crashes.set', 'journal.crashes.set')],
  },
  {
    name: 'crash-limit',
    rule: 'K12',
    guard: 'a step that kills its process again and again fails',
    patches: [suspects('if (crashes < this.#ports.limits.crashes) return undefined;', 'return undefined;')],
  },
  {
    name: 'own-lease',
    rule: 'K13',
    guard: 'a driver past its own lease appends before it starts another effect',
    patches: [turn(' || now > this.#leaseUntil)', ')')],
  },
  {
    name: 'gone-meanwhile',
    rule: 'K13',
    mode: 'reborn',
    guard:
      'a driver that had no lease for a moment looks whether the run is still there: it may be deleted, and its places free',
    patches: [turn('if (this.#clock.now() > this.#sureUntil) await this.#assertThere();')],
  },
  {
    name: 'watch',
    rule: 'K14',
    guard: 'mail is read every few seconds while steps run',
    patches: [
      turn(
        'moments.push(this.#nextVisible(), this.#nextHeartbeat, this.#nextWatch)',
        'moments.push(this.#nextVisible(), this.#nextHeartbeat)',
      ),
      turn('(this.#nudged || now >= this.#nextWatch)', 'this.#nudged'),
    ],
  },

  // --- the head and the sweeper
  {
    name: 'lower-before-claim',
    rule: 'K15',
    guard: 'the head of a far-waiting run is lowered before its claim',
    patches: [
      turn(
        'return this.#claimed\n      ? this.#append(now)\n      : this.#keeper.lower(now + this.#limits.leaseMs).then(() => this.#append(now));',
        'return this.#append(now);',
      ),
    ],
  },
  {
    name: 'late-raise',
    rule: 'K16',
    mode: 'moment',
    guard: 'who claims a parked run whose head lags lowers it, so that a raise under way is void',
    patches: [headKeeper('read.position < journal.position && isParked(journal)', 'false')],
  },
  {
    name: 'raise-after-suspend',
    rule: 'K15',
    guard: 'the head is raised after the suspend, not before it',
    patches: [
      turn(
        "    const ended = await this.#park({\n      type: 'run_suspended',\n      at: now,\n      wakeAt,",
        "    await this.#ports.store.updateHead(this.#birth.id, { state: { status: 'waiting', wakeAt } }, { nonce: this.#birth.nonce });\n    const ended = await this.#park({\n      type: 'run_suspended',\n      at: now,\n      wakeAt,",
      ),
    ],
  },
  {
    name: 'repair',
    rule: 'K15',
    guard: 'a head that was not raised is repaired',
    patches: [admission("if (head.position < journal.position) return { do: 'repair' };")],
  },
  {
    name: 'mail-makes-due',
    rule: 'K15',
    guard: 'where the queue forgets, mail for a waiting run lowers its head',
    patches: [
      deliver(
        '  await ports.store.updateHead(\n    run,\n    { state: { ...state, wakeAt: now }, position: readTo },\n    { nonce, positionAtMost: readTo },\n  );\n',
      ),
    ],
  },
  {
    name: 'mail-makes-due-parked',
    rule: 'K15',
    mode: 'moment',
    guard: 'so it does where the head is about to be raised',
    patches: [deliver('if (last ? !isParked(last) : state.wakeAt', 'if (last ? true : state.wakeAt')],
  },
  {
    name: 'fence-of-raises',
    rule: 'K16',
    guard: 'a raise is fenced by position',
    patches: [headKeeper('{ positionBelow: this.#journal.position }', '{}')],
  },
  {
    name: 'fence-of-lowerings',
    rule: 'K16',
    guard: 'a lowering writes the position that it has read to',
    patches: [
      headKeeper(
        'const change = { state, position };',
        "const change = 'positionAtMost' in fence ? { state } : { state, position };",
      ),
    ],
  },
  {
    name: 'suspend-again',
    rule: 'K16',
    mode: 'moment',
    guard: 'who finds the head lowered in vain raises it behind a new suspend',
    patches: [
      admission(
        "return head.state.wakeAt < wakeAt ? { do: 'suspend_again', wakeAt } : { do: 'leave' };",
        "return { do: 'leave' };",
      ),
    ],
  },
  {
    name: 'head-before-start',
    rule: 'K17',
    guard: 'a run is due from its birth on, in case its start message dies',
    patches: [createRun('wakeAt: birth.createdAt + ports.limits.graceMs', 'wakeAt: birth.deadline')],
  },
  {
    name: 'create-then-send',
    rule: 'K17',
    guard: 'the head is put before the start message is sent',
    patches: [
      createRun(
        '  const { head } = await retrying(ports, () => ports.store.create(freshHead(ports, birth)));\n',
        '  await sendStart(ports, birth);\n  const { head } = await retrying(ports, () => ports.store.create(freshHead(ports, birth)));\n',
      ),
      createRun('  if (created) await sendStart(ports, birth);\n'),
    ],
  },
  {
    name: 'sweeper-comes-again',
    rule: 'K18',
    guard: 'a run that the sweeper has woken is due again soon',
    patches: [sweep('wakeAt: now + pauseMs', 'wakeAt: head.birth.deadline')],
  },
  {
    name: 'sweeper-condition',
    rule: 'K18',
    guard: 'the sweeper wakes a run only if its head still says what the index said',
    patches: [sweep('{ nonce: head.birth.nonce, wakeAt }', '{ nonce: head.birth.nonce }')],
  },

  // --- from outside
  {
    name: 'mail-first',
    rule: 'K19',
    guard: 'an outside event is stored as mail before anything else',
    patches: [drive("if (message.kind === 'mail' && ports.queue.durable) {", 'if (false) {')],
  },
  {
    name: 'mail-before-message',
    rule: 'K19',
    guard: 'where the queue forgets, mail is stored before its message is sent',
    patches: [deliver('ports.queue.durable ? {} : await leaveMail', 'true ? {} : await leaveMail')],
  },
  {
    name: 'mail-after-suspend',
    rule: 'K19',
    guard: 'a driver reads the mail between its suspend and the head',
    patches: [
      turn(
        '    await this.#look();\n    if (!this.#mailbox.isEmpty) {\n      this.#claimed = false;\n      return undefined;\n    }\n',
      ),
    ],
  },
  {
    name: 'mail-after-parking',
    rule: 'K19',
    mode: 'moment',
    guard: 'so does who repeats a suspend',
    patches: [parking("if (event.type === 'run_suspended' && (await hasUnreadMail(ports, journal)))", 'if (false)')],
  },
  {
    name: 'dedupe',
    rule: 'K19',
    guard: 'an outside event counts once',
    patches: [
      mailbox('if (!this.#isHeard(mail.event.id)) return mail.event;', 'return mail.event;'),
      mailbox('mail.filter(({ id }) => !journal.heard.has(id))', 'mail.slice()'),
    ],
  },
  {
    name: 'order-of-commands',
    rule: 'K20',
    guard: 'of pauses and resumes the latest by the time of their API counts',
    patches: [journal('    if (isLater(event, journal.command)) {'.slice(2), '    if (true) {'.slice(2))],
  },
  {
    name: 'pause-stops-effects',
    rule: 'K20',
    guard: 'nothing starts while the run is paused',
    patches: [
      turn(
        'if (this.#journal.paused || this.#drainUntil !== undefined) return false;',
        'if (this.#drainUntil !== undefined) return false;',
      ),
    ],
  },
  {
    name: 'pause-stops-timers',
    rule: 'K20',
    guard: 'no timer fires while the run is paused',
    patches: [turn('    if (this.#journal.paused) return undefined;\n')],
  },
  {
    name: 'command-holds-from-its-append',
    rule: 'K20',
    guard: 'nothing is fed behind a pause before the pause is durable',
    patches: [
      turn("if (event.type === 'run_paused' || event.type === 'run_resumed') return true;"),
      turn("if (event.type === 'run_cancel_requested' && this.#journal.paused) return true;"),
    ],
  },
  {
    name: 'cancel-opens-paused',
    rule: 'K20',
    guard: 'cancel opens a paused run',
    patches: [
      journal(
        '      journal.cancel ??= { at: event.at, reason: event.reason };\n      journal.paused = false;',
        '      journal.cancel ??= { at: event.at, reason: event.reason };',
      ),
    ],
  },
  {
    name: 'settled-absorbs',
    rule: 'K21',
    guard: 'a run that has ended absorbs what comes',
    patches: [
      admission(
        "      if (isOpen(head.state)) return { do: 'announce' };\n",
        "      if (isOpen(head.state)) return { do: 'announce' };\n      if (unread.length > 0) return { do: 'turn', lazy: false, takeover: false };\n",
      ),
      journal("  if (journal.current.phase === 'settled') return false;\n"),
      journal("  if (journal.current.phase === 'settled') return;\n"),
    ],
  },
  {
    name: 'newer-format',
    rule: 'K26',
    guard: 'nobody appends to a journal in a format that it does not know',
    patches: [journal('if (chunk.format > FORMAT) throw newerFormat(journal.birth.id, chunk.format);')],
  },
  {
    name: 'tell-then-close',
    rule: 'K22',
    guard: 'parent and children are told before the head is closed',
    patches: [
      outbox('  await closeHead(ports, journal, end);\n'),
      outbox(
        '  const { birth } = journal;\n  const { end } = journal.current;\n',
        '  const { birth } = journal;\n  const { end } = journal.current;\n  await closeHead(ports, journal, end);\n',
      ),
    ],
  },
  {
    name: 'announce-again',
    rule: 'K22',
    guard: 'a settled journal under an open head is told again',
    patches: [admission("if (isOpen(head.state)) return { do: 'announce' };")],
  },
  {
    name: 'cancel-open-children',
    rule: 'K22',
    guard: 'children that are open at the end are cancelled',
    patches: [outbox('if (children.size > 0) await cancelChildren(ports, birth, [...children.values()]);')],
  },
  {
    name: 'look-at-children',
    rule: 'K23',
    guard: 'a waiting parent looks at its children itself',
    patches: [suspension('next = Math.min(next, now + Math.max(5 * minute, Math.min(hour, age)));')],
  },
  {
    name: 'tombstone',
    rule: 'K23',
    mode: 'stall',
    guard: 'a child that is cancelled before it exists never starts',
    patches: [outbox('if (!head && workflow !== undefined) ', 'if (false) ')],
  },

  // --- time
  {
    name: 'event-time',
    rule: 'K24',
    guard: 'a program sees the time of events, not of the clock',
    patches: [program('return this.#time;', 'return this.#clock.now();')],
  },
  {
    name: 'time-never-goes-back',
    rule: 'K24',
    guard: 'the time that a program sees does not go back',
    patches: [program('this.#time = Math.max(this.#time, event.at);', 'this.#time = event.at;')],
  },
  {
    name: 'timer-not-before-due',
    rule: 'K24',
    guard: "a timer's event is not before its due time",
    patches: [turn('Math.max(this.#clock.now(), timer.due)', 'this.#clock.now()')],
  },
  {
    name: 'timers-before-mail',
    rule: 'K24',
    guard: 'timers due before an outside event was accepted come first',
    patches: [turn('      await this.#fireTimers(event.at);\n')],
  },
  {
    name: 'wake-at-deadline',
    rule: 'K25',
    guard: 'a waiting run is due at its deadline',
    patches: [
      turn(
        'this.#journal.timedOut ? this.#birth.deadline + this.#limits.timeoutGraceMs : this.#birth.deadline,',
        'Number.MAX_SAFE_INTEGER,',
      ),
    ],
  },
  {
    name: 'grace-ends',
    rule: 'K25',
    mode: 'stall',
    guard: 'a run that does not end within the grace is settled without its program',
    patches: [turn('now >= this.#birth.deadline + this.#limits.timeoutGraceMs) {', 'false) {')],
  },
  {
    name: 'child-deadline',
    rule: 'K23',
    guard: "a child's deadline is not after its parent's",
    patches: [effects(', latestDeadline: birth.deadline }', ' }')],
  },
  ...laterMutations,
];
