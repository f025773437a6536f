/** What calls the driver and the sweeper, and what becomes of events that fail. */
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as Target } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping, type IDestination, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** A tick is not worth more: the next one is there. */
const tickAge = Duration.minutes(1);

/** Lets the driver have what is in the queue. A queue needs no reserved concurrency, which would only cause throttles. */
export function driveFrom(queue: IQueue, driver: IFunction, { maxConcurrency }: Settings): void {
  new EventSourceMapping(driver, 'Messages', {
    target: driver,
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
    ...(maxConcurrency !== undefined && { maxConcurrency }),
  });
}

/** Lets the sweeper sweep each minute. */
export function sweepEachMinute(scope: Construct, sweeper: IFunction, undelivered: IQueue): void {
  sweeper.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: tickAge, onFailure: failuresTo(undelivered) });
  new Rule(scope, 'Sweeping', {
    description: 'Wakes the runs that are due',
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new Target(sweeper, { deadLetterQueue: undelivered, maxEventAge: tickAge, retryAttempts: 2 })],
  });
}

/** An event that starts a run is tried for hours, and then kept for people. */
export function keepFailures(trigger: IFunction, undelivered: IQueue): void {
  trigger.configureAsyncInvoke({
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
    onFailure: failuresTo(undelivered),
  });
}

/** The permission stands in the function's role, with all others. */
function failuresTo(queue: IQueue): IDestination {
  return { bind: () => ({ destination: queue.queueArn }) };
}
