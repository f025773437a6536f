import type { ExecutorTarget } from './definition.ts';

type Offered =
  | Extract<ExecutorTarget, { kind: 'lambda' | 'queue' }>
  /** Nothing of the call itself matters. */
  | { kind: 'http' };

/**
 * The name of the handler that does the work of an executor where the deployment does not offer that: the function's or
 * the queue's own name, without what an ARN or a URL puts around it; for an HTTP call the task's id.
 */
export function standIn(target: Offered, taskId: string): string {
  if (target.kind === 'http') return taskId;
  if (target.kind === 'queue') return target.queue.split(/[:/]/).at(-1) ?? '';
  const parts = target.function.split(':');
  const marker = parts.indexOf('function');
  return (marker === -1 ? parts[0] : parts[marker + 1]) ?? '';
}
