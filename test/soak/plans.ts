/** What the soak asks for: runs of every kind, what each is told on its way, and how it has to end. */
import type { RunView } from '../../lib/service/api.ts';

export interface Plan {
  key: string;
  workflow: string;
  input?: unknown;
  /** Asked once, without a key: only if that is answered, the run has to be there. */
  unkeyed: boolean;
  /** Payloads of signals, in this order. Each is sent with a key of its own until it is accepted, some of them twice. */
  letters: { payload: string; twice: boolean }[];
  cancel: boolean;
  /** Before each word to the run, in ms. */
  pauseMs: number;
  end: 'completed' | 'cancelled';
}

const kinds = ['sequence', 'fan', 'stubborn', 'letters', 'undone', 'family', 'once', 'relaxed', 'clockwork'] as const;

export function planNumber(number: number, random: () => number): Plan {
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'sequence';
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const letters = kind === 'letters' ? upTo(4) : 0;
  return {
    key: `plan-${number}`,
    workflow: kind,
    input: inputOf(kind, upTo, letters),
    unkeyed: kind === 'sequence' && random() < 0.3,
    letters: Array.from({ length: letters }, (_, i) => ({ payload: `letter-${number}-${i}`, twice: random() < 0.3 })),
    cancel: kind === 'undone',
    pauseMs: Math.floor(random() * 400),
    end: kind === 'undone' ? 'cancelled' : 'completed',
  };
}

function inputOf(kind: (typeof kinds)[number], upTo: (most: number) => number, letters: number): unknown {
  switch (kind) {
    case 'sequence':
      return { steps: upTo(20) };
    case 'relaxed':
      return { steps: upTo(40) };
    case 'fan':
      return { items: upTo(10) };
    case 'family':
      return { children: upTo(4) };
    case 'clockwork':
      return { ticks: upTo(5) };
    case 'letters':
      return { count: letters };
    default:
      return undefined;
  }
}

/** Whether a run will change no more. */
export function hasEnded({ status }: RunView): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
