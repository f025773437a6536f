import type { Ports } from '../kernel/ports.ts';
import type { Redriven } from './api.ts';

/** Sends every dead letter once more: what could not be handled before may be, with other code or a store that is back. */
export async function redriveDeadLetters({ queue }: Pick<Ports, 'queue'>): Promise<Redriven> {
  return { redriven: await queue.redrive() };
}
