/** Calls by what they mean for a run: the moments at which a schedule strikes on purpose. */
import type { Chunk } from '../../lib/kernel/events.ts';
import type { HeadChange, HeadGuard } from '../../lib/kernel/head.ts';
import { type Head, isOpen } from '../../lib/kernel/head.ts';
import { isParking, isSettling } from '../../lib/kernel/journal.ts';
import type { Message } from '../../lib/ports/queue.ts';
import type { Call } from '../kernel/harness.ts';

export const moments = [
  'claims',
  'takes over',
  'parks',
  'parks again',
  'marks steps',
  'records',
  'ends',
  'lowers the head',
  'raises the head',
  'closes the head',
  'sweeps the head',
  'creates a child',
  'stores mail',
  'reads on',
  'sends mail',
  'sends a wake',
  'runs a step',
  'runs a step that runs at most once',
] as const;

export type Moment = (typeof moments)[number];

/** Undefined: none that anything is about. */
export function momentOf({ method, args }: Call): { moment: Moment; run: string } | undefined {
  const at = (run: string, moment: Moment | undefined) => moment && { moment, run };
  switch (method) {
    case 'append':
      return at(args[0] as string, ofAppend(args[1] as Chunk));
    case 'updateHead':
      return at(args[0] as string, ofHead(args[1] as HeadChange, args[2] as HeadGuard));
    case 'create': {
      const { birth } = args[0] as Head;
      return birth.parent && at(birth.parent.id, 'creates a child');
    }
    case 'putMail':
      return at(args[0] as string, 'stores mail');
    case 'read':
      return args[1] === undefined ? undefined : at(args[0] as string, 'reads on');
    case 'send': {
      const { kind, run } = args[0] as Message;
      return kind === 'start' ? undefined : at(run, kind === 'mail' ? 'sends mail' : 'sends a wake');
    }
    default:
      return undefined;
  }
}

function ofAppend({ driver, takeover, events }: Chunk): Moment | undefined {
  if (!driver) return undefined;
  const last = events.at(-1);
  if (takeover) return 'takes over';
  if (!last) return 'claims';
  if (isSettling(last)) return 'ends';
  if (isParking(last)) return events.length === 1 ? 'parks again' : 'parks';
  return last.type === 'task_started' ? 'marks steps' : 'records';
}

function ofHead({ state }: HeadChange, { positionBelow, wakeAt }: HeadGuard): Moment | undefined {
  if (!state || state.status === 'deleting') return undefined;
  if (!isOpen(state)) return 'closes the head';
  if (wakeAt !== undefined) return 'sweeps the head';
  return positionBelow === undefined ? 'lowers the head' : 'raises the head';
}
