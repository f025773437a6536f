/**
 * The processes of the functions: each takes one invocation at a time, and can be killed, frozen and cut off.
 * Owns: which process gets an invocation, what becomes of one that lasts too long. Does not own: when that happens.
 */
import { Worker } from 'node:worker_threads';
import type { Endpoints } from '../../lib/wiring/aws/clients.ts';
import type { AwsEnvironment } from '../../lib/wiring/aws/environment.ts';
import { type DisturbedLine, startDisturbedLine } from './disturbed-line.ts';
import { createChance, createFates, type Service } from './plan.ts';
import type { FromSandbox, FunctionName, SandboxData, ToSandbox } from './protocol.ts';
import type { SoakTime } from './time.ts';

interface Sandbox {
  readonly name: string;
  readonly isBusy: boolean;
  readonly isFrozen: boolean;
  /** Ends at once, in the middle of whatever it is at. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Reaches no service any more, until it is mended. */
  cut(): void;
  mend(): void;
}

export interface Sandboxes {
  invoke(name: FunctionName, event: unknown): Promise<unknown>;
  /** Those that live. */
  all(): Sandbox[];
  readonly busy: number;
  /** How often each fate has met a request, by service. */
  counts(): Record<string, number>;
  readonly born: number;
  /** Who is at what, and since when. */
  describe(): string;
  close(): Promise<void>;
}

export interface SandboxesOptions {
  /** The built file of `sandbox.ts`. */
  file: string;
  /** Processes of each function. */
  sizes: Record<FunctionName, number>;
  seed: number;
  time: SoakTime;
  endpoints: Endpoints;
  environment: AwsEnvironment;
  effects: string;
  /** Which share of the requests is disturbed now. */
  rate: () => number;
  /** What a process complains of. */
  troubled(run: string, trouble: string): void;
  /** An invocation that lasts too long, and is given up: whether its process may go on for a while. */
  outlives(): boolean;
}

/** Of each function, in virtual ms. */
export const timeoutsMs: Record<FunctionName, number> = { api: 29_000, driver: 60_000, sweeper: 55_000 };
/** Real time, longer than in life: lines go by virtual time, and a slow machine is no fault of theirs. */
const serviceTimeouts = { connectMs: 30_000, answerMs: 30_000, payloadMs: 30_000, pollMs: 30_000 };
/** For how long a process whose invocation was given up goes on, in virtual ms. */
const afterlifeMs = 40_000;
const services: readonly Service[] = ['dynamodb', 'sqs', 's3'];

interface Invocation {
  name: FunctionName;
  event: unknown;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Living extends Sandbox {
  describe(): string;
  serve(invocation: Invocation): void;
  shifted(): void;
  lines: DisturbedLine[];
}

export async function openSandboxes(options: SandboxesOptions): Promise<Sandboxes> {
  const { time, sizes, seed } = options;
  const pools: Record<FunctionName, Set<Living>> = { api: new Set(), driver: new Set(), sweeper: new Set() };
  const zombies = new Set<Living>();
  const waiting: Record<FunctionName, Invocation[]> = { api: [], driver: [], sweeper: [] };
  const counts: Record<string, number> = {};
  const endings = new Set<Promise<void>>();
  let born = 0;
  let isClosed = false;

  const everyone = () => [...Object.values(pools).flatMap((pool) => [...pool]), ...zombies];
  time.onShift(() => {
    for (const sandbox of everyone()) sandbox.shifted();
  });

  async function openLines(name: string): Promise<Record<Service, DisturbedLine>> {
    const open = async (service: Service) => {
      const fateOf = createFates(createChance(seed, `${name} ${service}`), service, options.rate);
      const line = await startDisturbedLine({
        target: options.endpoints[service],
        pause: time.pause,
        fateOf(passing) {
          time.worked();
          return fateOf(passing);
        },
      });
      return [service, line] as const;
    };
    return Object.fromEntries(await Promise.all(services.map(open))) as Record<Service, DisturbedLine>;
  }

  async function begin(kind: FunctionName): Promise<void> {
    born += 1;
    const name = `${kind}-${born}`;
    const lines = await openLines(name);
    if (isClosed) return closeLines(lines);
    const sandbox = await startSandbox(kind, name, lines);
    pools[kind].add(sandbox);
    next(kind);
  }

  async function closeLines(lines: Record<Service, DisturbedLine>): Promise<void> {
    await Promise.all(Object.values(lines).map((line) => line.close()));
    for (const [service, line] of Object.entries(lines)) {
      for (const [fate, count] of Object.entries(line.counts)) {
        const what = `${service} ${fate}`;
        counts[what] = (counts[what] ?? 0) + count;
      }
    }
  }

  function next(kind: FunctionName): void {
    const idle = [...pools[kind]].find((sandbox) => !sandbox.isBusy);
    const invocation = idle && waiting[kind].shift();
    if (idle && invocation) idle.serve(invocation);
  }

  async function startSandbox(
    kind: FunctionName,
    name: string,
    lines: Record<Service, DisturbedLine>,
  ): Promise<Living> {
    const { environment, effects } = options;
    const endpoints: Endpoints = { dynamodb: lines.dynamodb.url, sqs: lines.sqs.url, s3: lines.s3.url };
    const frozen = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const flag = new Int32Array(frozen);
    const workerData: SandboxData = {
      ...{ name, endpoints, environment, effects, frozen },
      ...{ timeouts: serviceTimeouts, shift: time.shift },
    };
    const worker = new Worker(options.file, { workerData, execArgv: [], stdout: true, stderr: true });
    const tell = (message: ToSandbox) => worker.postMessage(message);
    let current: (Invocation & { id: number; begunAt: number; cancel(): void }) | undefined;
    let served = 0;
    let isFrozen = false;
    let death: Promise<void> | undefined;

    /** The invocation is over for whoever asked for it. */
    function finish(end: { result: unknown } | { error: Error }): void {
      const ended = current;
      current = undefined;
      ended?.cancel();
      if ('error' in end) ended?.reject(end.error);
      else ended?.resolve(end.result);
      if (pools[kind].has(self)) next(kind);
    }

    async function end(): Promise<void> {
      pools[kind].delete(self);
      zombies.delete(self);
      if (!isClosed) replace();
      Atomics.store(flag, 0, 0);
      Atomics.notify(flag, 0);
      await worker.terminate();
      finish({ error: new Error(`${name} was killed`) });
      await closeLines(lines);
    }

    function replace(): void {
      const ready = pools[kind].size + (starting[kind] ?? 0);
      if (ready < sizes[kind]) void start(kind);
    }

    function giveUp(): void {
      const error = new Error(`${name} timed out`);
      if (!options.outlives()) {
        finish({ error });
        void self.kill();
        return;
      }
      pools[kind].delete(self);
      zombies.add(self);
      finish({ error });
      replace();
      self.thaw();
      void time.pause(afterlifeMs).then(() => self.kill());
    }

    const self: Living = {
      name,
      lines: Object.values(lines),
      get isBusy() {
        return current !== undefined;
      },
      get isFrozen() {
        return isFrozen;
      },
      serve(invocation) {
        served += 1;
        const begunAt = time.clock.now();
        const deadline = begunAt + timeoutsMs[kind];
        current = { ...invocation, id: served, begunAt, cancel: time.clock.schedule(deadline, giveUp) };
        tell({ type: 'invoke', id: served, name: kind, event: invocation.event, deadline });
      },
      describe() {
        const since = current && time.clock.now() - current.begunAt;
        return `${name}${isFrozen ? ' (frozen)' : ''} ${since === undefined ? 'idle' : `busy for ${since} ms`}`;
      },
      shifted: () => tell({ type: 'shifted' }),
      kill() {
        if (death === undefined) {
          const ending = end().finally(() => endings.delete(ending));
          death = ending;
          endings.add(ending);
        }
        return death;
      },
      freeze() {
        isFrozen = true;
        Atomics.store(flag, 0, 1);
        tell({ type: 'freeze' });
      },
      thaw() {
        isFrozen = false;
        Atomics.store(flag, 0, 0);
        Atomics.notify(flag, 0);
      },
      cut() {
        for (const line of self.lines) line.cut();
      },
      mend() {
        for (const line of self.lines) line.mend();
      },
    };

    worker.on('message', (message: FromSandbox) => {
      if (message.type === 'troubled') options.troubled(message.run, `${name}: ${message.trouble}`);
      if (!('id' in message) || message.id !== current?.id) return;
      finish(message.type === 'answered' ? { result: message.result } : { error: new Error(message.error) });
    });
    worker.on('error', (error) => options.troubled('', `${name} died: ${error.stack}`));
    worker.on('exit', () => void self.kill());
    worker.stdout.on('data', (text: Buffer) => options.troubled('', `${name} logged: ${text.toString().trim()}`));
    worker.stderr.on('data', (text: Buffer) => options.troubled('', `${name} said: ${text.toString().trim()}`));
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.on('message', (message: FromSandbox) => message.type === 'ready' && resolve());
    });
    return self;
  }

  const starting: Partial<Record<FunctionName, number>> = {};
  async function start(kind: FunctionName): Promise<void> {
    starting[kind] = (starting[kind] ?? 0) + 1;
    try {
      await begin(kind);
    } finally {
      starting[kind] = (starting[kind] ?? 1) - 1;
    }
  }

  const kinds = Object.keys(sizes) as FunctionName[];
  await Promise.all(kinds.flatMap((kind) => Array.from({ length: sizes[kind] }, () => start(kind))));

  return {
    invoke: (name, event) =>
      new Promise((resolve, reject) => {
        waiting[name].push({ name, event, resolve, reject });
        next(name);
      }),
    all: everyone,
    get busy() {
      return everyone().filter(({ isBusy }) => isBusy).length + Object.values(waiting).flat().length;
    },
    counts: () => counts,
    get born() {
      return born;
    },
    describe: () =>
      [
        ...everyone().map((sandbox) => sandbox.describe()),
        ...Object.entries(waiting).map(([kind, { length }]) => `${length} invocations of ${kind} wait`),
      ].join('; '),
    async close() {
      isClosed = true;
      for (const invocation of Object.values(waiting).flat()) invocation.reject(new Error('closed'));
      await Promise.all(everyone().map((sandbox) => sandbox.kill()));
      await Promise.all(endings);
    },
  };
}
