import { setTimeout } from 'node:timers/promises';
import type { StepAttempt } from 'pawl';

/** Stands for the time that a machine or another company takes. Ends at once, with an error, when the step is aborted. */
export async function pretendWork(ms: number, { signal }: StepAttempt): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal });
}
