/**
 * Counts what is used of AWS while workflows run: requests with their capacity units, messages, invocations. Sits in
 * the clients themselves, so that whoever uses them is counted, and tells by whom: a function, or what AWS does by itself.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { FunctionName } from '../dev/local-aws.ts';
import type { Observer } from '../kernel/ports.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from '../wiring/aws/clients.ts';
import type { TableShape } from './capacity.ts';
import { meterTable } from './table-meter.ts';
import { type BlobUse, type Caller, type Invocation, isOnce, type QueueUse, type Use } from './uses.ts';

export interface Meter {
  /** From now on requests of these clients are counted. They stay the same clients. */
  wrapClients(clients: AwsClients): AwsClients;
  /** Counts an invocation, and what is used in it as this function's. */
  invocation<T>(name: FunctionName, work: () => Promise<T>): Promise<T>;
  /** What is used in it is not counted. */
  silently<T>(work: () => Promise<T>): Promise<T>;
  /** Tells the meter when steps begin, and passes everything on. */
  observe(observer?: Observer): Observer;
  /** All that was used so far, in the order in which it ended. */
  uses(): readonly Use[];
  /** Forgets it. */
  reset(): void;
  /** Invocations that have not ended. */
  readonly underWay: number;
  /** Requests without an answer yet, apart from polls of the queue. */
  readonly unanswered: number;
}

/** In whose name work is done. */
type Context = { off: true } | { off: false; by: FunctionName; invocation: Invocation };

/** SQS bills each request by this much of its payload, in bytes. */
const chunkBytes = 64 * 1_024;
const monthDays = 30;

export interface MeterOptions {
  shape: TableShape;
  clock: Pick<Clock, 'now'>;
}

export function createMeter({ shape, clock }: MeterOptions): Meter {
  const contexts = new AsyncLocalStorage<Context>();
  let uses: Use[] = [];
  let underWay = 0;
  let unanswered = 0;

  async function during<T>(request: () => Promise<T>): Promise<T> {
    unanswered += 1;
    try {
      return await request();
    } finally {
      unanswered -= 1;
    }
  }

  const isOff = () => contexts.getStore()?.off === true;
  const silently = <T>(work: () => Promise<T>): Promise<T> => contexts.run({ off: true }, work);

  function by(): Caller {
    const context = contexts.getStore();
    return context === undefined || context.off ? 'event source' : context.by;
  }

  function note(use: Use): void {
    const context = contexts.getStore();
    if (context?.off === false && !isOnce(use)) context.invocation.requests += 1;
    uses.push(use);
  }

  return {
    silently,

    wrapClients(clients) {
      meterTable(clients.dynamodb, {
        shape,
        isOff,
        silently,
        during,
        now: clock.now,
        note: (use) => note({ service: 'dynamodb', by: by(), ...use }),
      });
      meterQueue(clients.sqs, { isOff, during }, (use) => note({ service: 'sqs', by: by(), ...use }));
      meterBlobs(clients.s3, { isOff, during }, (use) => note({ service: 's3', by: by(), ...use }));
      return clients;
    },

    async invocation(name, work) {
      const invocation: Invocation = { service: 'lambda', by: name, requests: 0, steps: 0, stepWaves: 0 };
      underWay += 1;
      try {
        return await contexts.run({ off: false, by: name, invocation }, work);
      } finally {
        underWay -= 1;
        uses.push(invocation);
      }
    },

    observe(observer = {}) {
      let isBeginning = false;
      return {
        ...observer,
        stepStarted(step) {
          const context = contexts.getStore();
          if (context?.off === false) {
            context.invocation.steps += 1;
            if (!isBeginning) context.invocation.stepWaves += 1;
          }
          if (!isBeginning) {
            isBeginning = true;
            setImmediate(() => {
              isBeginning = false;
            });
          }
          observer.stepStarted?.(step);
        },
      };
    },

    uses: () => uses,
    reset() {
      uses = [];
    },
    get underWay() {
      return underWay;
    },
    get unanswered() {
      return unanswered;
    },
  };
}

interface QueueMessage {
  Body?: string;
  MessageBody?: string;
  MessageAttributes?: Record<string, { DataType?: string; StringValue?: string; BinaryValue?: Uint8Array }>;
}

/** What every client's meter has to know. */
interface Around {
  isOff(): boolean;
  during<T>(request: () => Promise<T>): Promise<T>;
}

function meterQueue(
  client: SQSClient,
  { isOff, during }: Around,
  note: (use: Omit<QueueUse, 'service' | 'by'>) => void,
): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        if (isOff()) return next(args);
        const operation = commandName.replace(/Command$/, '');
        const done = await (operation === 'ReceiveMessage' ? next(args) : during(() => next(args)));
        const request = args.input as QueueMessage & { Entries?: QueueMessage[] };
        const answer = done.output as { Messages?: QueueMessage[] };
        const messages = answer.Messages ?? request.Entries ?? (operation === 'ReceiveMessage' ? [] : [request]);
        const bytes = messages.reduce((sum, message) => sum + messageBytes(message), 0);
        note({ operation, requests: Math.max(1, Math.ceil(bytes / chunkBytes)), messages: messages.length });
        return done;
      },
    { step: 'initialize', priority: 'low', name: 'pawlQueueMeter' },
  );
}

function messageBytes({ Body, MessageBody, MessageAttributes = {} }: QueueMessage): number {
  const body = Buffer.byteLength(MessageBody ?? Body ?? '');
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.byteLength ?? 0),
    body,
  );
}

const blobTiers: Record<string, BlobUse['tier']> = {
  PutObject: 'put',
  CopyObject: 'put',
  ListObjectsV2: 'put',
  GetObject: 'get',
  HeadObject: 'get',
  DeleteObject: 'free',
  DeleteObjects: 'free',
};

function meterBlobs(
  client: S3Client,
  { isOff, during }: Around,
  note: (use: Omit<BlobUse, 'service' | 'by'>) => void,
): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        if (isOff()) return next(args);
        const operation = commandName.replace(/Command$/, '');
        const tier = blobTiers[operation];
        if (tier === undefined) {
          throw new Error(`The meter does not know what ${operation} costs: teach it, in lib/cost/meter.ts`);
        }
        try {
          return await during(() => next(args));
        } finally {
          note({ operation, tier, ...stored(args.input as Stored) });
        }
      },
    { step: 'initialize', priority: 'low', name: 'pawlBlobMeter' },
  );
}

interface Stored {
  Body?: unknown;
  Tagging?: string;
}

/** How long an object is kept says its tag, in days; without one it is counted for a month. */
function stored({ Body, Tagging }: Stored): Pick<BlobUse, 'gbMonths' | 'tagMonths'> {
  if (Body === undefined) return { gbMonths: 0, tagMonths: 0 };
  const bytes = typeof Body === 'string' ? Buffer.byteLength(Body) : Body instanceof Uint8Array ? Body.length : 0;
  const months = Number(Tagging?.match(/=(\d+)$/)?.[1] ?? monthDays) / monthDays;
  return { gbMonths: (bytes / 1_024 ** 3) * months, tagMonths: Tagging === undefined ? 0 : months };
}
