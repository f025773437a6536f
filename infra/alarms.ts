/** Tells people what a healthy Pawl never shows. */
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps as CloudWatchAlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { functionNames } from './bundling/request.ts';
import type { Functions } from './functions.ts';
import { sweeperMetric } from './metrics.ts';
import type { AlarmProps } from './props.ts';
import { type Queues, visibilityTimeout } from './queues.ts';

export interface Watched {
  functions: Functions;
  queues: Queues;
  driverTimeout: Duration;
}

/** The longest that a wake is put off in the queue. */
const longestDelay = Duration.minutes(15);
const slack = Duration.minutes(3);
const period = Duration.minutes(1);

export function createAlarms(pawl: Construct, { topic, oldestMessageAge }: AlarmProps, watched: Watched): void {
  const scope = new Construct(pawl, 'Alarms');
  const { queues, functions, driverTimeout } = watched;
  const action = new SnsAction(topic);
  const alarm = (id: string, metric: IMetric, alarmDescription: string, how: Partial<CloudWatchAlarmProps> = {}) => {
    const created = new Alarm(scope, id, { ...anyOf(metric), alarmDescription, ...how });
    created.addAlarmAction(action);
    created.addOkAction(action);
  };

  alarm(
    'DeadLetters',
    queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
    'Messages could not be handled: look at the errors of the driver',
  );
  // The sweeper may have settled them before SQS counts.
  alarm('DeadFacts', sweeperMetric(pawl, 'deadFacts'), 'Facts could not be handled; they are stored with their runs');
  alarm('DeadWakes', sweeperMetric(pawl, 'deadWakes'), 'Runs could not be driven, several times; they are tried again');
  alarm(
    'Undelivered',
    queues.undelivered.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
    'Events or ticks did not reach their function; they are kept in this queue for 14 days',
  );
  alarm(
    'OldestMessage',
    queues.queue.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' }),
    'Messages wait in the queue: are there enough drivers?',
    { ...thrice, threshold: (oldestMessageAge ?? healthyAge(driverTimeout)).toSeconds() },
  );
  alarm('OverdueRuns', sweeperMetric(pawl, 'overdue'), 'Runs should have gone on minutes ago', thrice);
  alarm(
    'SweeperStopped',
    functions.sweeper.metricInvocations({ period }),
    'The sweeper does not run: timers, retries and recovery wait',
    {
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: 5,
      treatMissingData: TreatMissingData.BREACHING,
    },
  );
  alarm(
    'Throttles',
    throttles(functions),
    'Functions are throttled: the concurrency of the account is used up',
    thrice,
  );
  for (const name of functionNames) {
    alarm(`${titled(name)}Errors`, functions[name].metricErrors({ period }), `The ${name} fails: look at its logs`);
  }
}

/** Missing data is no trouble: neither queues nor functions report what is not there. */
function anyOf(metric: IMetric): CloudWatchAlarmProps {
  return {
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

/** For what passes by itself now and then. */
const thrice = { evaluationPeriods: 5, datapointsToAlarm: 3 };

function healthyAge(driverTimeout: Duration): Duration {
  return longestDelay.plus(visibilityTimeout(driverTimeout)).plus(slack);
}

function throttles(functions: Functions): MathExpression {
  return new MathExpression({
    expression: functionNames.join(' + '),
    usingMetrics: Object.fromEntries(functionNames.map((name) => [name, functions[name].metricThrottles({ period })])),
    label: 'Throttles',
    period,
  });
}

function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
