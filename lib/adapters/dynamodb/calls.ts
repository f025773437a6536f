/**
 * Asks DynamoDB until it answers. Owns: whether a write whose condition failed may have been made by an earlier attempt
 * of itself. The client is not to try again by itself, since that would hide attempts.
 */
import { Fault } from '../../kernel/faults.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { createCalls, troubleOf } from '../aws-calls.ts';

export interface DynamoCalls {
  /** `doing` completes "cannot …". Throws `Fault` unavailable, refused, too_large or closed. */
  ask<T>(doing: string, request: () => Promise<T>): Promise<T>;
  /** The same for a write with a condition. */
  askIf(doing: string, request: () => Promise<unknown>): Promise<Conditional>;
  /** The same for a batch, until nothing of it is left; `request` answers with what is. */
  askForAll<T>(doing: string, batch: T[], request: (some: T[]) => Promise<T[]>): Promise<void>;
  close(): void;
}

export type Conditional =
  | { held: true }
  /** `mayBeOwn`: an earlier attempt of the same write had no answer; perhaps it was carried out, and failed this one. */
  | { held: false; mayBeOwn: boolean };

const ATTEMPTS = 6;

export function createDynamoCalls({ clock, ids }: { clock: Clock; ids: Ids }): DynamoCalls {
  const calls = createCalls({ clock, ids, service: 'DynamoDB', attempts: ATTEMPTS });
  let isClosed = false;

  function ask<T>(doing: string, request: () => Promise<T>): Promise<T> {
    return calls(doing, async () => {
      if (isClosed) throw new Fault('closed', 'The store is closed.');
      try {
        return await request();
      } catch (error) {
        throw tooLarge(error, doing) ?? error;
      }
    });
  }

  return {
    ask,

    askIf(doing, request) {
      let mayBeOwn = false;
      return ask<Conditional>(doing, async () => {
        try {
          await request();
          return { held: true };
        } catch (error) {
          if (isFailedCondition(error)) return { held: false, mayBeOwn: mayBeOwn || wasTriedBefore(error) };
          if (troubleOf(error) === 'transient') mayBeOwn = true;
          throw error;
        }
      });
    },

    async askForAll(doing, batch, request) {
      let left = batch;
      await ask(doing, async () => {
        left = await request(left);
        if (left.length > 0) throw partlyRefused(left.length);
      });
    },

    close() {
      isClosed = true;
    },
  };
}

function isFailedCondition(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** By the client, should it not have been told to leave that. */
function wasTriedBefore(error: Error): boolean {
  const { $metadata } = error as { $metadata?: { attempts?: number } };
  return ($metadata?.attempts ?? 1) > 1;
}

/** DynamoDB takes a batch and does a part of it, mostly for want of capacity. */
function partlyRefused(left: number): Error {
  const error = new Error(`${left} of the batch were left undone`);
  error.name = 'ProvisionedThroughputExceededException';
  return error;
}

function tooLarge(error: unknown, doing: string): Fault | undefined {
  if (!(error instanceof Error) || error.name !== 'ValidationException') return undefined;
  if (!/item size/i.test(error.message)) return undefined;
  return new Fault('too_large', `Cannot ${doing}: an item of DynamoDB holds 400 KB.`, { cause: error });
}
