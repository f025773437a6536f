/**
 * AWS on one machine with a meter in it, and with time that is skipped where nothing happens. What is asked through
 * `api` is not counted; what is asked through `request` is, as API Gateway and the functions bill it.
 */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse } from 'aws-lambda';
import { tableShape } from '../adapters/dynamodb/table.ts';
import { startEventSource } from '../dev/event-source.ts';
import { type LocalAws, startLocalAws } from '../dev/local-aws.ts';
import { createShiftedClock, type ShiftedClock } from '../dev/shifted-clock.ts';
import type { SqsFaults } from '../dev/sqs/faults.ts';
import { Fault } from '../kernel/faults.ts';
import type { Observer } from '../kernel/ports.ts';
import type { PawlApi } from '../service/api.ts';
import { createAwsClients } from '../wiring/aws/all-clients.ts';
import type { ServiceTimeouts } from '../wiring/aws/clients.ts';
import { openAws } from '../wiring/aws/open-aws.ts';
import { createMeter, type Meter } from './meter.ts';

export interface MeteredAws {
  aws: LocalAws;
  meter: Meter;
  clock: ShiftedClock;
  /** The same runs, free of charge. */
  api: PawlApi;
  /** A request to the HTTP API. Throws a `Fault` for an answer that is no success. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, key?: string): Promise<unknown>;
  /** Resolves when nothing is under way: no invocation, and no message but those that wait for their time. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

export interface MeteredAwsOptions {
  /** The exports of the workflows' module. */
  workflows: Readonly<Record<string, unknown>>;
  observer?: Observer;
  /** What goes wrong in the queue on purpose. */
  sqsFaults?: SqsFaults;
  /** Default: one that passes by itself. */
  clock?: ShiftedClock;
}

const deployment = 'measured';
/** Between two looks at whether something is under way, in ms. */
const lookMs = 5;
/** A busy machine is no answer that was lost: what is tried again would be counted twice. */
const timeouts: ServiceTimeouts = { connectMs: 60_000, answerMs: 60_000, payloadMs: 60_000, pollMs: 60_000 };

export async function startMeteredAws(options: MeteredAwsOptions): Promise<MeteredAws> {
  const { workflows, observer, sqsFaults, clock = createShiftedClock() } = options;
  const meter = createMeter({ shape: tableShape, clock });
  const aws = await startLocalAws({
    workflows,
    deployment,
    port: 0,
    clock,
    observer: meter.observe(observer),
    timeouts,
    wrapClients: meter.wrapClients,
    wrapInvocation: meter.invocation,
    ...(sqsFaults && { sqsFaults }),
    eventSource: false,
    schedule: false,
  });
  const { environment, endpoints, clients } = aws.services;
  const { queueUrl } = environment;
  const polling = meter.wrapClients(createAwsClients(endpoints, timeouts));
  const failed = (error: unknown) => observer?.troubled?.({ run: '', message: 'The driver failed', error });
  const source = startEventSource({
    sqs: polling.sqs,
    queueUrl,
    invoke: (event) => aws.invoke('driver', event) as Promise<SQSBatchResponse>,
    failed,
  });
  const { service } = openAws({
    workflows,
    clients,
    clock,
    environment: { ...environment, deployment, driverTimeoutMs: 0 },
  });

  async function messagesUnderWay(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }

  return {
    aws,
    meter,
    clock,
    api: service,

    async request(method, path, body, key) {
      const response = await fetch(`${aws.url}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: unknown = response.status === 204 ? undefined : await response.json();
      if (!response.ok) throw faultOf(answer);
      return answer;
    },

    async quiet() {
      do await new Promise((resolve) => setTimeout(resolve, lookMs));
      while (clock.ringing || meter.underWay > 0 || (await messagesUnderWay()) > 0);
    },

    async close() {
      await source.stop();
      for (const client of Object.values(polling)) client.destroy();
      await aws.close();
    },
  };
}

/** From a problem document. */
function faultOf(answer: unknown): Fault {
  const { code, detail, title } = answer as { code?: string; detail?: string; title?: string };
  const codes = ['invalid_input', 'not_found', 'conflict', 'settled', 'too_large'] as const;
  return new Fault(
    codes.find((each) => each === code) ?? 'unavailable',
    detail ?? title ?? 'The API refused the request',
  );
}
