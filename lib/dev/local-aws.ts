/**
 * AWS on one machine: the functions themselves over stand-ins of the services they use, with what AWS puts around them
 * (queue to function, schedule to function, HTTP to function). Everything is in memory.
 */
import type { SQSBatchResponse } from 'aws-lambda';
import { createApiHandler } from '../../functions/api.ts';
import { createDriverHandler } from '../../functions/driver.ts';
import { createSweeperHandler, type SweeperResult } from '../../functions/sweeper.ts';
import { createTriggerHandler } from '../../functions/trigger.ts';
import type { Observer } from '../kernel/ports.ts';
import type { Clock } from '../ports/clock.ts';
import { createAwsClients } from '../wiring/aws/all-clients.ts';
import type { AwsClients, ServiceTimeouts } from '../wiring/aws/clients.ts';
import type { AwsEnvironment, GraphReach } from '../wiring/aws/environment.ts';
import { inEnvironments } from './environments.ts';
import { type EventSource, startEventSource } from './event-source.ts';
import { startGateway } from './gateway.ts';
import { type Handler, invoke } from './lambda.ts';
import { type LocalServices, startLocalServices } from './services.ts';
import type { SqsFaults } from './sqs/faults.ts';

export interface LocalAwsOptions {
  /** The exports of the workflows' module. */
  workflows: Readonly<Record<string, unknown>>;
  /** Differs whenever their code does. */
  deployment: string;
  port: number;
  clock: Clock;
  /** Told what the functions log. */
  observer: Observer;
  /** Of the driver, in ms. Default 2 min. */
  driverTimeoutMs?: number;
  /** Of the functions' clients. Default: those that they have on AWS. */
  timeouts?: ServiceTimeouts;
  /** Wraps the clients that the functions get, anew with each deployment: a meter, or faults. */
  wrapClients?: (clients: AwsClients) => AwsClients;
  /** Goes around each invocation of a function: to count it. */
  wrapInvocation?: <Result>(name: FunctionName, invocation: () => Promise<Result>) => Promise<Result>;
  /** What graphs may use beside handlers. Default: nothing. */
  graphs?: (services: LocalServices) => GraphReach;
  sqsFaults?: SqsFaults;
  /** Stand-ins that are there already. Default: new ones in this process. */
  services?: LocalServices;
  /** False: nothing takes messages from the queue by itself. Default true. */
  eventSource?: boolean;
  /** False: the sweeper comes only when called. Default true. */
  schedule?: boolean;
}

export type FunctionName = 'api' | 'driver' | 'sweeper' | 'trigger';

export interface LocalAws {
  /** Where the API answers. */
  url: string;
  services: LocalServices;
  /** Calls a function as AWS would, with an event as AWS would send it. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>;
  /** One tick of the schedule. */
  sweep(): Promise<SweeperResult>;
  /** Replaces the functions, as a deployment does. */
  deploy(code: Pick<LocalAwsOptions, 'workflows' | 'deployment'>): void;
  /** Lets turns under way end, and stops. */
  close(): Promise<void>;
}

/** As the infrastructure sets them by default, in ms. */
const timeouts = { api: 29_000, sweeper: 55_000, trigger: 30_000 };
const defaultDriverTimeoutMs = 120_000;
const tickMs = 60_000;

export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { clock, observer, port, driverTimeoutMs = defaultDriverTimeoutMs } = options;
  const services =
    options.services ??
    (await startLocalServices({ clock, visibilityMs: 6 * driverTimeoutMs, sqsFaults: options.sqsFaults }));
  const opened: AwsClients[] = [];
  const failed = (error: unknown) => observer.troubled?.({ run: '', message: 'A function failed', error });

  function createFunctions({ workflows, deployment }: Pick<LocalAwsOptions, 'workflows' | 'deployment'>) {
    const own = createAwsClients(services.endpoints, options.timeouts);
    opened.push(own);
    const clients = options.wrapClients?.(own) ?? own;
    const environment: AwsEnvironment = {
      ...services.environment,
      driverTimeoutMs,
      deployment,
      ...(options.graphs && { graphs: options.graphs(services) }),
    };
    const common = { environment, clients, clock, observer };
    return {
      // All requests share this machine's stand-ins, and one handler that refuses starts where there are too many of them.
      api: createApiHandler({ ...common, workflows }),
      driver: inEnvironments(() => createDriverHandler({ ...common, workflows })),
      sweeper: inEnvironments(() => createSweeperHandler(common)),
      trigger: inEnvironments(() => createTriggerHandler({ ...common, workflows })),
    };
  }

  let functions = createFunctions(options);
  const timeoutOf = (name: FunctionName) => (name === 'driver' ? driverTimeoutMs : timeouts[name]);
  const { wrapInvocation = (_name, invocation) => invocation() } = options;
  const call = (name: FunctionName, event: unknown): Promise<unknown> =>
    wrapInvocation(name, () =>
      invoke(functions[name] as Handler<unknown, unknown>, event, {
        name,
        timeoutMs: timeoutOf(name),
        clock,
      }),
    );
  const sweep = () => call('sweeper', {}) as Promise<SweeperResult>;

  const gateway = await startGateway({ port, failed, invoke: (event) => call('api', event) as never });
  const source: EventSource | undefined =
    options.eventSource === false
      ? undefined
      : startEventSource({
          sqs: services.clients.sqs,
          queueUrl: services.environment.queueUrl,
          invoke: (event) => call('driver', event) as Promise<SQSBatchResponse>,
          failed,
        });

  let cancelTick = () => {};
  function scheduleTick(): void {
    cancelTick = clock.schedule(clock.now() + tickMs, () => {
      void sweep().catch(failed);
      scheduleTick();
    });
  }
  if (options.schedule !== false) scheduleTick();

  return {
    url: gateway.url,
    services,
    invoke: call,
    sweep,
    deploy(code) {
      functions = createFunctions(code);
    },
    async close() {
      cancelTick();
      await gateway.close();
      await source?.stop();
      for (const client of opened.flatMap((clients) => Object.values(clients))) client.destroy();
      await services.close();
    },
  };
}
