/**
 * How long runs stand still on AWS when their drivers die: virtual time from the death of all drivers to the next step of
 * each run. What the machine takes to compute is left out: time passes only when nothing is left to be done.
 */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse } from 'aws-lambda';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { startEventSource } from '../../lib/dev/event-source.ts';
import { startLocalAws } from '../../lib/dev/local-aws.ts';
import { startRun } from '../../lib/service/start-run.ts';
import type { AwsClients } from '../../lib/wiring/aws/clients.ts';
import { openAws } from '../../lib/wiring/aws/open-aws.ts';
import { workflow } from '../../lib/workflow/index.ts';

export interface RecoveryOptions {
  runs: number;
  /** How long after a tick of the sweeper the drivers die, in ms. */
  phaseMs: number;
  /** How exact the times are, in ms. Default: to the second. */
  stepMs?: number;
}

const second = 1_000;
const tickMs = 60 * second;
/** Drivers that are at their runs for so long when they die: claims of all ages. */
const spreadMs = 30 * second;
const groups = 10;
const mostMs = 5 * tickMs;

/** For each run the time until its next step, in virtual ms. */
export async function measureRecovery({ runs, phaseMs, stepMs = second }: RecoveryOptions): Promise<number[]> {
  const clock = createVirtualClock({ turns: 4 });
  const next = new Map<string, number>();
  let isDead = false;
  let underWay = 0;
  let hanging = 0;

  const first = workflow({ name: 'interrupted' }, async (ctx) => {
    await ctx.step('begin', () => null);
    await ctx.step('middle', () => {
      hanging += 1;
      return new Promise<null>(() => {});
    });
  });
  const repaired = workflow({ name: 'interrupted' }, async (ctx) => {
    await ctx.step('begin', () => null);
    await ctx.step('middle', () => void next.set(ctx.run.id, clock.now()));
  });

  let deployments = 0;
  /** Counts the calls under way; those of the dead never end. */
  function watched(clients: AwsClients): AwsClients {
    const isFirst = deployments === 0;
    deployments += 1;
    for (const client of Object.values(clients) as Pick<AwsClients['sqs'], 'middlewareStack'>[]) {
      client.middlewareStack.add(
        (call) => async (args) => {
          if (isDead && isFirst) return new Promise<never>(() => {});
          underWay += 1;
          try {
            return await call(args);
          } finally {
            underWay -= 1;
          }
        },
        { step: 'initialize' },
      );
    }
    return clients;
  }

  const aws = await startLocalAws({
    workflows: { first },
    deployment: 'one',
    port: 0,
    clock,
    observer: {},
    eventSource: false,
    schedule: false,
    driverTimeoutMs: 900 * second,
    wrapClients: watched,
  });
  const { clients, environment } = aws.services;
  const source = startEventSource({
    sqs: clients.sqs,
    queueUrl: environment.queueUrl,
    concurrency: runs + groups,
    failed: () => {},
    invoke: (event) => aws.invoke('driver', event) as Promise<SQSBatchResponse>,
  });
  const { ports } = openAws({
    workflows: { first },
    environment: { ...environment, driverTimeoutMs: 900 * second, deployment: 'one' },
    clients,
    clock,
  });

  async function rest(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { Attributes } = await clients.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: environment.queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages'],
        }),
      );
      quiet = underWay === 0 && Attributes?.ApproximateNumberOfMessages === '0' ? quiet + 1 : 0;
    }
  }

  // The drivers die when all have begun, after `spreadMs`.
  let tickAt = clock.now() + ((spreadMs + tickMs - phaseMs) % tickMs || tickMs);
  async function pass(ms: number): Promise<void> {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      await clock.advance(Math.min(stepMs, end - clock.now(), tickAt - clock.now()));
      if (clock.now() >= tickAt) {
        tickAt += tickMs;
        await aws.sweep();
      }
      await rest();
    }
  }

  try {
    for (let group = 0; group < groups; group += 1) {
      const size = Math.floor(((group + 1) * runs) / groups) - Math.floor((group * runs) / groups);
      await Promise.all(Array.from({ length: size }, () => startRun(ports, { workflow: 'interrupted' })));
      await rest();
      await pass(spreadMs / groups);
    }
    while (hanging < runs) await pass(second);
    isDead = true;
    const diedAt = clock.now();
    aws.deploy({ workflows: { repaired }, deployment: 'one' });
    while (next.size < runs && clock.now() < diedAt + mostMs) await pass(stepMs);
    const times = [...next.values()].map((at) => at - diedAt);
    return [...times, ...Array.from({ length: runs - times.length }, () => Number.POSITIVE_INFINITY)];
  } finally {
    source.stop().catch(() => {});
    await clock.advance(900 * second);
    await aws.close();
  }
}
