import { createDeployments } from '../../adapters/dynamodb/deployments.ts';
import { createDynamoDocuments } from '../../adapters/dynamodb/documents.ts';
import { createDynamoStore } from '../../adapters/dynamodb/store.ts';
import { createPollingChanges } from '../../adapters/polling/changes.ts';
import { toDelivery } from '../../adapters/sqs/message.ts';
import { createSqsQueue } from '../../adapters/sqs/queue.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { systemIds } from '../../adapters/system/ids.ts';
import { collectHandlers } from '../../graph/handlers.ts';
import { createAloneGate } from '../../kernel/alone.ts';
import { createKeptRuns } from '../../kernel/kept-runs.ts';
import { defaultLimits, type Limits } from '../../kernel/limits.ts';
import type { Observer, Ports } from '../../kernel/ports.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { PawlApi } from '../../service/api.ts';
import { createDefinitions } from '../../service/list-workflows.ts';
import { createRegistryDefinitions } from '../../service/registry/definitions.ts';
import { createRegistry } from '../../service/registry/registry.ts';
import { createService } from '../../service/service.ts';
import { collectWorkflows } from '../collect-workflows.ts';
import { describeWorkflow } from '../describe-workflow.ts';
import { traceHeader } from '../environment.ts';
import { createGraphLanguage, type GraphExecutors } from '../graphs.ts';
import { packageVersion } from '../package-version.ts';
import { type AwsClients, createFirstClients } from './clients.ts';
import { type AwsEnvironment, readAwsEnvironment } from './environment.ts';
import { createAwsExecutors } from './executors.ts';
import { createLateBlobs } from './late-blobs.ts';

export interface AwsOptions {
  /** The exports of the user's module: workflows, and handlers of graphs. */
  workflows?: Readonly<Record<string, unknown>>;
  /** What else does the work of graphs' tasks. Default: what the infrastructure allows. */
  executors?: GraphExecutors;
  observer?: Observer;
  /** Limits of the kernel that differ from its defaults. */
  limits?: Partial<Limits>;
  /** Default: what the infrastructure has set. */
  environment?: AwsEnvironment;
  /** Default: those of the function's account. */
  clients?: AwsClients;
  clock?: Clock;
  ids?: Ids;
}

/** Pawl over one table, a queue with its dead letters, and a bucket. */
export interface AwsPawl {
  ports: Ports;
  service: PawlApi;
  toDelivery: typeof toDelivery;
  /** Whether this code is deployed for the first time; `done` notes that it was. */
  deployment: { isNew(): Promise<boolean>; done(): Promise<void> };
}

/** A function has 256 MB as a rule. */
const keptBytes = 32 * 1024 * 1024;
/** A step has to end so long before the function is cut off: time to replay before it, and to write after it. */
const stepMarginMs = 10_000;
const firstPollMs = 250;
const lastPollMs = 2_000;

export function openAws(options: AwsOptions = {}): AwsPawl {
  const { workflows = {}, clock = systemClock, ids = systemIds } = options;
  const environment = options.environment ?? readAwsEnvironment();
  const { dynamodb, sqs } = options.clients ?? createFirstClients();
  const { table: tableName, indexShards, queueUrl, deadLetterQueueUrl, bucket, deployment } = environment;
  const around = { clock, ids };
  const blobs = createLateBlobs({ ...(options.clients && { client: options.clients.s3 }), bucket, ...around });
  const code = createDefinitions(collectWorkflows({ ...workflows }));
  const handlers = collectHandlers({ ...workflows });
  const executors = options.executors ?? (environment.graphs ? createAwsExecutors(environment.graphs, sqs) : {});
  const registry = createRegistry({
    ...around,
    documents: createDynamoDocuments({ client: dynamodb, tableName, ...around }),
    blobs,
    language: createGraphLanguage(() => ({ handlers, executors })),
  });
  const limits = {
    ...defaultLimits,
    keptBytes,
    ...options.limits,
    stepMs: Math.max(1_000, environment.driverTimeoutMs - stepMarginMs),
  };
  const ports: Ports = {
    ...around,
    store: createDynamoStore({ client: dynamodb, tableName, indexShards, ...around }),
    queue: createSqsQueue({ client: sqs, queueUrl, deadLetterQueueUrl, traceHeader, ...around }),
    blobs,
    changes: createPollingChanges({ clock, firstMs: firstPollMs, maxMs: lastPollMs }),
    // Nothing is known of other invocations: leases decide.
    liveness: { self: 'lambda', isGone: async () => false },
    definitions: createRegistryDefinitions({ code: () => code, registry }),
    limits,
    alone: createAloneGate(),
    // A function that is called again soon finds it; one that is not replays.
    kept: createKeptRuns(limits),
    observer: options.observer,
  };
  const deployments = createDeployments({ client: dynamodb, tableName, ...around });
  return {
    ports,
    service: createService(ports, {
      version: packageVersion,
      // Whoever is needed is started.
      countWorkers: async () => 1,
      registry,
      describe: describeWorkflow,
    }),
    toDelivery,
    deployment: {
      isNew: async () => (await deployments.last()) !== deployment,
      done: () => deployments.note(deployment),
    },
  };
}
