/** What alarms and dashboard look at, apart from what the resources offer themselves. */
import { Duration, Names } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { functionMetricsNamespace, sweeperMetrics } from '../lib/wiring/aws/names.ts';

/** What the functions call themselves in logs and metrics: it tells two Pawls of one account apart. */
export function serviceName(pawl: Construct): string {
  return Names.uniqueResourceName(pawl, { maxLength: 64, separator: '-' });
}

/** As the functions emit it; `service` is the only dimension. */
export function sweeperMetric(pawl: Construct, name: keyof typeof sweeperMetrics): Metric {
  return new Metric({
    namespace: functionMetricsNamespace,
    metricName: sweeperMetrics[name],
    dimensionsMap: { service: serviceName(pawl) },
    statistic: 'Maximum',
    period: Duration.minutes(1),
  });
}
