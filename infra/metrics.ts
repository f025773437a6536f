/** What alarms and dashboard look at, apart from what the resources offer themselves. */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { functionMetricsNamespace, sweeperMetrics } from '../lib/wiring/aws/names.ts';

/** As the functions emit it; `service` is the only dimension. */
export function sweeperMetric(name: keyof typeof sweeperMetrics): Metric {
  return new Metric({
    namespace: functionMetricsNamespace,
    metricName: sweeperMetrics[name],
    dimensionsMap: { service: 'pawl' },
    statistic: 'Maximum',
    period: Duration.minutes(1),
  });
}
