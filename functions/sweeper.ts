/** Each minute: wakes what is due, and turns dead letters into facts that their runs show. */
import type { Context } from 'aws-lambda';
import { settleDeadLetters } from '../lib/service/dead-letters.ts';
import { countOverdue, sweep, wakeBlocked } from '../lib/service/sweep.ts';
import { sweeperMetrics } from '../lib/wiring/aws/names.ts';
import { type AwsOptions, openAws } from '../lib/wiring/aws/open-aws.ts';
import { createTelemetry } from '../lib/wiring/aws/telemetry.ts';

export interface SweeperResult {
  woken: number;
  overdue: number;
  deadFacts: number;
  deadWakes: number;
}

/** What is left to count and to return, in ms. */
const endMs = 5_000;
const lateMs = 120_000;

export function createSweeperHandler(options: AwsOptions = {}) {
  const { observer, count } = createTelemetry();
  const { ports, deployment } = openAws({ observer, ...options });
  // New code comes with a new process, so it is enough to ask once.
  let isKnown = false;

  async function welcomeDeployment(): Promise<void> {
    if (isKnown) return;
    if (await deployment.isNew()) {
      await wakeBlocked(ports, 'deployment');
      await deployment.done();
    }
    isKnown = true;
  }

  return async (_event: unknown, context: Context): Promise<SweeperResult> => {
    const until = ports.clock.now() + context.getRemainingTimeInMillis() - endMs;
    await welcomeDeployment().catch((error: unknown) => {
      observer.troubled?.({
        run: '',
        message: 'Blocked runs were not told of the deployment; the next tick does',
        error,
      });
    });
    const dead = await settleDeadLetters(ports, { until });
    const woken = await sweep(ports, { until });
    const overdue = await countOverdue(ports, lateMs);
    count({
      [sweeperMetrics.overdue]: overdue,
      [sweeperMetrics.deadFacts]: dead.stored,
      [sweeperMetrics.deadWakes]: dead.dropped,
    });
    return { woken, overdue, deadFacts: dead.stored, deadWakes: dead.dropped };
  };
}
