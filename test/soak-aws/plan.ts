/** Which faults there are, by seed. */
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import { seededFraction } from '../kernel/harness.ts';
import type { Fate, Passing } from './disturbed-line.ts';

export interface Chance {
  fraction(): number;
  /** A whole number from 0 up to, without, `end`. */
  below(end: number): number;
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Each user of chance has a stream of its own, so that one does not change what another gets. */
export function createChance(seed: number, stream: string): Chance {
  let mixed = seed >>> 0;
  for (const character of stream) mixed = (Math.imul(mixed, 31) + character.charCodeAt(0)) >>> 0;
  const fraction = seededFraction(mixed);
  const below = (end: number) => Math.floor(fraction() * end);
  return {
    fraction,
    below,
    happens: (probability) => fraction() < probability,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
  };
}

export type Service = 'dynamodb' | 'sqs' | 's3';

/** What a service says when it fails, and when it has too much to do. */
const refusals: Record<Service, { status: number; body: string }[]> = {
  dynamodb: [
    { status: 500, body: '{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"on purpose"}' },
    {
      status: 400,
      body: '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"on purpose"}',
    },
    { status: 400, body: '{"__type":"com.amazon.coral.availability#ThrottlingException","message":"on purpose"}' },
    { status: 503, body: '' },
  ],
  sqs: [
    { status: 500, body: '{"__type":"com.amazonaws.sqs#InternalFailure","message":"on purpose"}' },
    { status: 403, body: '{"__type":"com.amazonaws.sqs#RequestThrottled","message":"on purpose"}' },
  ],
  s3: [
    { status: 500, body: '<Error><Code>InternalError</Code><Message>on purpose</Message></Error>' },
    { status: 503, body: '<Error><Code>SlowDown</Code><Message>on purpose</Message></Error>' },
  ],
};

/** As long as the client waits. */
const hangMs = 5_000;
const batches = new Set(['BatchGetItem', 'BatchWriteItem']);

/** The fates of the requests on one line. `rate`: which share of them has another than to pass. */
export function createFates(chance: Chance, service: Service, rate: () => number): (passing: Passing) => Fate {
  return ({ operation }) => {
    if (!chance.happens(rate())) return { do: 'pass' };
    const kind = chance.below(100);
    if (kind < 15) return { do: 'lose' };
    if (kind < 35) return { do: 'lose answer' };
    if (kind < 45) return { do: 'cut answer short', fits: chance.happens(0.5) };
    if (kind < 60) return { do: 'send twice', answer: chance.pick(['first', 'second']) };
    if (kind < 68) return { do: 'straggle', afterMs: chance.below(40_000) };
    if (kind < 70) return { do: 'hang', forMs: hangMs };
    if (kind < 80) return { do: 'pass', afterMs: chance.below(4_000) };
    if (kind < 90 && batches.has(operation)) return { do: 'leave undone' };
    return { do: 'refuse', ...chance.pick(refusals[service]) };
  };
}

/** Facts are never lost: SQS loses no message, and who gives up on one does not give up on the fact. */
export function createSqsFaults(chance: Chance, rate: () => number): SqsFaults {
  return {
    arrival(sent) {
      if (!chance.happens(5 * rate())) return undefined;
      if (!sent.body.includes('"kind":"mail"') && chance.happens(0.2)) return { copies: 0 };
      return { copies: 1 + chance.below(3), lateMs: chance.happens(0.5) ? chance.below(60_000) : 0 };
    },
    order(visible) {
      if (rate() === 0) return visible;
      const shuffled = visible.map((message) => ({ message, place: chance.fraction() }));
      return shuffled.sort((a, b) => a.place - b.place).map(({ message }) => message);
    },
  };
}
