import type { Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { Message } from '../../ports/queue.ts';
import type { PeerFile } from './directory.ts';
import { isBehind, type Line, writeLine } from './lines.ts';

/** Whoever does not answer in this time is taken for busy or frozen. */
const ANSWER_WITHIN_MS = 1_000;

/** What another process is asked for, and confirms. */
type Asked = { say: 'message'; message: Message } | { say: 'hold'; name: string; pid: number };

/** A connection that this process opened. */
export interface Link {
  readonly peer: PeerFile;
  readonly socket: Socket;
  /** False: it was not confirmed, or not in time. */
  ask(asked: Asked): Promise<boolean>;
  /** The peer has answered. */
  answered(number: number, isConfirmed: boolean): void;
  /** Nobody will answer any more. */
  ended(): void;
}

export function createLink(peer: PeerFile, socket: Socket, clock: Clock): Link {
  /** By the number of what was asked. */
  const unanswered = new Map<number, (isConfirmed: boolean) => void>();
  let lastNumber = 0;
  /** It has left something unanswered and said nothing since: nobody waits for it a second time. */
  let isSilent = false;

  return {
    peer,
    socket,
    ask(asked) {
      lastNumber += 1;
      const number = lastNumber;
      const line: Line = { ...asked, number };
      if (isSilent) {
        if (!isBehind(socket)) writeLine(socket, line);
        return Promise.resolve(false);
      }
      return new Promise((resolve) => {
        const stopWaiting = clock.schedule(clock.now() + ANSWER_WITHIN_MS, () => {
          isSilent = true;
          answer(false);
        });
        function answer(isConfirmed: boolean): void {
          unanswered.delete(number);
          stopWaiting();
          resolve(isConfirmed);
        }
        unanswered.set(number, answer);
        if (socket.destroyed) answer(false);
        else writeLine(socket, line);
      });
    },
    answered(number, isConfirmed) {
      isSilent = false;
      unanswered.get(number)?.(isConfirmed);
    },
    ended() {
      for (const answer of unanswered.values()) answer(false);
    },
  };
}
