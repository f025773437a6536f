/** Every bound of the kernel, by name. Crossing one is an error that says this name. */
export interface Limits {
  /** How long one append claims a run, in ms. */
  leaseMs: number;
  /** A fresh run that nobody has begun is looked at after this, in ms. */
  graceMs: number;
  /** The first turn of a run may begin before the run is read if it was created within this, in ms (K8). */
  earlyMs: number;
  /** Only a step that runs longer gets a `task_started`, in ms. */
  visibleAfterMs: number;
  /** How often the journal and the mail are looked at while steps run, in ms (K14). */
  watchMs: number;
  /** A wait that is shorter does not suspend the run, in ms. */
  inlineWaitMs: number;
  /** An outcome that nothing waits for is written after this at the latest, in ms. */
  lingerMs: number;
  /** The same for workflows with `relaxed` durability, in ms. */
  relaxedLingerMs: number;
  /** A program that awaits nothing of the context is called stuck after this, in ms. */
  stuckAfterMs: number;
  /** A payload whose JSON text is longer, in UTF-8 bytes, goes to the blob port; a longer report is refused. */
  inlineBytes: number;
  /** The longest JSON text of any payload, in UTF-8 bytes. */
  payloadBytes: number;
  /** How deep a payload may nest. */
  payloadDepth: number;
  /** The largest append, in bytes (K6). */
  chunkBytes: number;
  /** The most events in one append (K6). */
  chunkEvents: number;
  /** The longest journal, in events. */
  eventsPerRun: number;
  /** From so many events on, what a process knows of an open run stays in its memory for the next turn there. */
  keptFromEvents: number;
  /** What all runs that stay in memory so may take together, in bytes: about 600 an event, and twice its payload. */
  keptBytes: number;
  /** The most steps of one run that run at once. */
  concurrentSteps: number;
  /** The longest stored error, in characters of name, code, message, stack and details each; a cause has half of it. */
  errorChars: number;
  /** The longest name of a task, a signal or a branch, in characters. */
  nameChars: number;
  /** The longest key of a task (the names of its scopes and its own), in characters. */
  keyChars: number;
  /** The longest step, in ms: where turns are cut off, what takes longer could never end. */
  stepMs: number;
  /** How often a step may kill its process while it runs alone, before it fails (K12). */
  crashes: number;
  /** How many takeovers without progress make a run blocked (K12). */
  takeovers: number;
  /** What a timed-out run has left for its compensation, in ms (K25). */
  timeoutGraceMs: number;
  /** How often an append is tried again while the store is unavailable. */
  storeRetries: number;
  /** The longest delay that a wake may have in the queue, in ms; longer waits are the sweeper's. */
  queueDelayMs: number;
}

const second = 1_000;
const minute = 60 * second;

export const defaultLimits: Limits = {
  leaseMs: 30 * second,
  graceMs: 30 * second,
  earlyMs: second,
  visibleAfterMs: second,
  watchMs: 5 * second,
  inlineWaitMs: second,
  lingerMs: 20,
  relaxedLingerMs: 500,
  stuckAfterMs: second,
  inlineBytes: 64 * 1024,
  payloadBytes: 16 * 1024 * 1024,
  payloadDepth: 64,
  chunkBytes: 256 * 1024,
  chunkEvents: 1_000,
  eventsPerRun: 250_000,
  keptFromEvents: 250,
  keptBytes: 128 * 1024 * 1024,
  concurrentSteps: 5_000,
  errorChars: 8_000,
  nameChars: 128,
  keyChars: 600,
  stepMs: Number.POSITIVE_INFINITY,
  crashes: 3,
  takeovers: 10,
  timeoutGraceMs: minute,
  storeRetries: 8,
  queueDelayMs: 15 * minute,
};
