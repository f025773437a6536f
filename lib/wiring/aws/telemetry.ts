import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Observer } from '../../kernel/ports.ts';
import { functionMetricsNamespace } from './names.ts';

/** What a function says of itself: structured logs that name the run, and metrics in the embedded format. */
export interface Telemetry {
  observer: Observer;
  failed(message: string, fields: Record<string, unknown>): void;
  /** Counts what is there; a metric that nobody emits costs nothing, so zeros are left out. */
  count(counts: Readonly<Record<string, number>>): void;
}

/** The service's name is the only dimension: one for each run or task would be a metric of its own, and be paid for. */
export function createTelemetry(): Telemetry {
  const logger = new Logger();
  const metrics = new Metrics({ namespace: functionMetricsNamespace });
  return {
    observer: {
      logged: ({ run, level, message, fields }) => logger[level](message, { run, ...(fields && { fields }) }),
      troubled: ({ run, message, error }) =>
        logger.error(message, { ...(run !== '' && { run }), error: error as Error }),
    },
    failed: (message, fields) => logger.error(message, fields),
    count(counts) {
      const given = Object.entries(counts).filter(([, count]) => count > 0);
      for (const [name, count] of given) metrics.addMetric(name, MetricUnit.Count, count);
      if (given.length > 0) metrics.publishStoredMetrics();
    },
  };
}
