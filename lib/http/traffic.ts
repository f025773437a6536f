/**
 * How much is being answered at once. Owns the counts, and what is refused before anything of it is read. Whatever an
 * answer needs memory for is counted until it is sent: readers that take their time are bounded, too.
 */
import { Fault } from '../kernel/faults.ts';
import type { HttpLimits } from './contract/limits.ts';
import type { Route } from './contract/route.ts';

export interface Traffic {
  /** A request has come. The result is called once it is answered. Throws `Fault` overloaded. */
  enter(route: Route): () => void;
  /** Throws `Fault` overloaded where one more stream is too many. */
  admitStream(open: number): void;
  /** Room for a part of a body. Throws `Fault` overloaded. The result gives it back. */
  hold(bytes: number): () => void;
}

type Bound = 'requestsInFlight' | 'startsInFlight' | 'bodiesBytes' | 'eventStreams';

export function createTraffic(limits: Pick<HttpLimits, Bound>): Traffic {
  let requests = 0;
  let starts = 0;
  let bodies = 0;

  return {
    enter({ load }) {
      if (load !== 'always' && requests >= limits.requestsInFlight) throw tooMuch('requestsInFlight');
      if (load === 'start' && starts >= limits.startsInFlight) throw tooMuch('startsInFlight');
      requests += 1;
      if (load === 'start') starts += 1;
      return once(() => {
        requests -= 1;
        if (load === 'start') starts -= 1;
      });
    },
    admitStream(open) {
      if (open >= limits.eventStreams) throw tooMuch('eventStreams');
    },
    hold(bytes) {
      if (bodies + bytes > limits.bodiesBytes) throw tooMuch('bodiesBytes');
      bodies += bytes;
      return once(() => {
        bodies -= bytes;
      });
    },
  };

  function tooMuch(limit: Bound): Fault {
    return new Fault('overloaded', `The server has as much as it answers at once (${limit} is ${limits[limit]})`, {
      retryAfterMs: 1_000,
    });
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
