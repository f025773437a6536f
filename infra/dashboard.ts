import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Dashboard, GraphWidget, type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Operation, type Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { functionNames } from './bundling/request.ts';
import type { Functions } from './functions.ts';
import { sweeperMetric } from './metrics.ts';
import type { Queues } from './queues.ts';

export interface Shown {
  functions: Functions;
  queues: Queues;
  table: Table;
  httpApi: HttpApi;
}

const period = Duration.minutes(1);

/** One row for each question: do runs go on, does code work, what is asked, what is paid for. */
export function createDashboard(pawl: Construct, shown: Shown): Dashboard {
  const { queue, deadLetters, undelivered } = shown.queues;
  const perFunction = (metric: (of: IFunction, label: string) => IMetric) =>
    functionNames.map((name) => metric(shown.functions[name], name));
  const largest = { period, statistic: Stats.MAXIMUM };
  const dashboard = new Dashboard(pawl, 'Dashboard', { defaultInterval: Duration.hours(3) });

  dashboard.addWidgets(
    graph('Runs that are late', [
      sweeperMetric(pawl, 'overdue'),
      sweeperMetric(pawl, 'deadFacts'),
      sweeperMetric(pawl, 'deadWakes'),
    ]),
    graph('Messages', [
      queue.metricApproximateNumberOfMessagesVisible(largest),
      queue.metricApproximateNumberOfMessagesNotVisible(largest),
      queue.metricApproximateNumberOfMessagesDelayed(largest),
      deadLetters.metricApproximateNumberOfMessagesVisible({ ...largest, label: 'Dead letters' }),
      undelivered.metricApproximateNumberOfMessagesVisible({ ...largest, label: 'Undelivered events' }),
    ]),
    graph('Age of the oldest message', [queue.metricApproximateAgeOfOldestMessage(largest)]),
  );
  dashboard.addWidgets(
    graph(
      'Invocations',
      perFunction((of, label) => of.metricInvocations({ period, label })),
    ),
    graph('Errors and throttles', [
      ...perFunction((of, label) => of.metricErrors({ period, label: `${label} errors` })),
      ...perFunction((of, label) => of.metricThrottles({ period, label: `${label} throttles` })),
    ]),
    graph(
      'Duration, p95',
      perFunction((of, label) => of.metricDuration({ period, label, statistic: Stats.p(95) })),
    ),
  );
  dashboard.addWidgets(
    graph('Requests', [
      shown.httpApi.metricCount({ period }),
      shown.httpApi.metricClientError({ period }),
      shown.httpApi.metricServerError({ period }),
    ]),
    graph('Capacity of the table', [
      shown.table.metricConsumedWriteCapacityUnits({ period, statistic: Stats.SUM }),
      shown.table.metricConsumedReadCapacityUnits({ period, statistic: Stats.SUM }),
    ]),
    graph('Throttled requests to the table', [
      shown.table.metricThrottledRequestsForOperations({
        period,
        operations: [Operation.PUT_ITEM, Operation.UPDATE_ITEM, Operation.QUERY, Operation.GET_ITEM],
      }),
    ]),
  );
  return dashboard;
}

function graph(title: string, metrics: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left: metrics, width: 8, leftYAxis: { min: 0 } });
}
