import { Duration } from 'aws-cdk-lib';
import {
  EventField,
  type EventPattern,
  type IEventBus,
  Rule,
  RuleTargetInput,
  type Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Starts a run of `workflow` for each event or time. An event that is delivered twice starts one run. */
export type Trigger = TriggerTarget & (OnEvent | OnSchedule);

interface TriggerTarget {
  readonly workflow: string;
  /** Default: the newest version. */
  readonly version?: number;
  /** The run's input: a value in which `EventField`s stand for parts of the event. Default: the event's `detail`. */
  readonly input?: unknown;
  /** Default: true. */
  readonly enabled?: boolean;
}

interface OnEvent {
  readonly eventPattern: EventPattern;
  /** Default: the account's default bus. */
  readonly eventBus?: IEventBus;
  readonly schedule?: never;
}

interface OnSchedule {
  readonly schedule: Schedule;
  readonly eventPattern?: never;
  readonly eventBus?: never;
}

export interface TriggerDestination {
  handler: IFunction;
  /** Gets the events that cannot be delivered. */
  undelivered: IQueue;
}

/** What is wrong with it, each with what to do. */
export function triggerProblems({ workflow, eventPattern, schedule }: Trigger, name: string): string[] {
  return [
    ...(workflow === '' ? [`${name}.workflow is empty; name the workflow that it starts`] : []),
    ...((eventPattern === undefined) === (schedule === undefined)
      ? [`${name} needs either an eventPattern or a schedule`]
      : []),
  ];
}

/** Throws an `Error` for a trigger that makes no sense. */
export function createTrigger(scope: Construct, trigger: Trigger, to: TriggerDestination): Rule {
  const { workflow, version, enabled, eventPattern, eventBus, schedule } = trigger;
  const problems = triggerProblems(trigger, 'The trigger');
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const target = new LambdaFunction(to.handler, {
    deadLetterQueue: to.undelivered,
    maxEventAge: Duration.hours(24),
    retryAttempts: 185,
    event: RuleTargetInput.fromObject({
      pawl: { workflow, ...(version !== undefined && { version }) },
      id: EventField.eventId,
      time: EventField.time,
      input: trigger.input === undefined ? EventField.fromPath('$.detail') : trigger.input,
    }),
  });
  return new Rule(scope, freeId(scope, `Trigger-${workflow}`), {
    description: `Starts runs of ${workflow}`,
    targets: [target],
    ...(enabled !== undefined && { enabled }),
    ...(eventPattern && { eventPattern }),
    ...(eventBus && { eventBus }),
    ...(schedule && { schedule }),
  });
}

/** Named by the workflow, so that the rules of others stay as they are when one is added. */
function freeId(scope: Construct, id: string, count = 1): string {
  const candidate = count === 1 ? id : `${id}-${count}`;
  return scope.node.tryFindChild(candidate) === undefined ? candidate : freeId(scope, id, count + 1);
}
