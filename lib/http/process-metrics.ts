/** Metrics of the process that answers, as Prometheus text. The names are those that its client libraries use. */
import { renderGauges } from './metrics.ts';

export function renderProcess({ waiting }: { waiting: number }): string {
  const { rss, heapUsed } = process.memoryUsage();
  return renderGauges([
    { name: 'pawl_waiting_messages', help: 'Messages that wait for a turn here.', values: [{ value: waiting }] },
    { name: 'process_resident_memory_bytes', help: 'Memory, the store’s map included.', values: [{ value: rss }] },
    { name: 'nodejs_heap_size_used_bytes', help: 'The heap that is in use.', values: [{ value: heapUsed }] },
  ]);
}
