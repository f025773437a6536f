import { randomBytes } from 'node:crypto';
/** The functions over stand-ins of AWS that refuse what a function's role does not allow, as IAM does. */
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiHandler } from '../../functions/api.ts';
import { createDriverHandler } from '../../functions/driver.ts';
import { createSweeperHandler } from '../../functions/sweeper.ts';
import { createTriggerHandler } from '../../functions/trigger.ts';
import { type FunctionName, functionNames } from '../../infra/bundling/request.ts';
import { permissionsOf, type Resources } from '../../infra/permissions.ts';
import { type Handler, invoke } from '../../lib/dev/lambda.ts';
import { type LocalServices, startLocalServices } from '../../lib/dev/services.ts';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import type { RunView } from '../../lib/service/api.ts';
import { createAwsClients } from '../../lib/wiring/aws/all-clients.ts';
import type { AwsClients } from '../../lib/wiring/aws/clients.ts';
import { workflow } from '../../lib/workflow/index.ts';

const resources: Resources = {
  table: 'table',
  indexes: { status: 'table/status', creation: 'table/creation', correlation: 'table/correlation' },
  queue: 'queue',
  deadLetters: 'dead letters',
  undelivered: 'undelivered',
  bucket: 'bucket',
};
const clock = createShiftedClock();
const minutes = 60_000;
const big = 'x'.repeat(70_000);
/** Too long for a head, also when it is compressed. */
const long = randomBytes(2_000).toString('base64');

const workflows = {
  echo: workflow({ name: 'echo' }, async (ctx, input: unknown) => ctx.step('echo', () => input)),
  parent: workflow({ name: 'parent' }, async (ctx) => ctx.child('echo', 'from its parent')),
  listener: workflow({ name: 'listener' }, async (ctx, count: number) => {
    for (let heard = 0; heard < count; heard += 1) await ctx.signal('go');
  }),
  sleeper: workflow({ name: 'sleeper' }, async (ctx) => ctx.sleep('1h')),
};

let services: LocalServices;
const invocations = {} as Record<FunctionName, (event: unknown) => Promise<unknown>>;
const opened: AwsClients[] = [];
const used = new Map<FunctionName, Set<string>>();
const refused: string[] = [];
const troubles: string[] = [];

beforeAll(async () => {
  services = await startLocalServices({ clock, visibilityMs: 12 * minutes });
  const environment = { ...services.environment, deployment: 'first', driverTimeoutMs: 2 * minutes };
  const observer = {
    troubled: ({ message, error }: { message: string; error: unknown }) => void troubles.push(`${message}: ${error}`),
  };
  const creators = {
    api: createApiHandler,
    driver: createDriverHandler,
    sweeper: createSweeperHandler,
    trigger: createTriggerHandler,
  };
  for (const name of functionNames) {
    const handler = creators[name]({ workflows, environment, clock, observer, clients: clientsOf(name) });
    invocations[name] = (event) =>
      invoke(handler as Handler<unknown, unknown>, event, { name, timeoutMs: minutes, clock });
  }
});

afterAll(async () => {
  for (const client of opened.flatMap((clients) => Object.values(clients))) client.destroy();
  await services.close();
});

function allowedFor(name: FunctionName): Set<string> {
  return new Set(
    permissionsOf(name, resources).flatMap(({ actions, resources: on }) =>
      actions.flatMap((action) => on.map((resource) => `${action} on ${resource}`)),
    ),
  );
}

/** Clients that ask the role first. */
function clientsOf(name: FunctionName): AwsClients {
  const clients = createAwsClients(services.endpoints);
  opened.push(clients);
  const allowed = allowedFor(name);
  const uses = new Set<string>();
  used.set(name, uses);
  const check = (command: string, input: Record<string, unknown>) => {
    for (const action of actionsOf(command, input)) {
      uses.add(action);
      if (allowed.has(action)) continue;
      refused.push(`${name}: ${action}`);
      throw Object.assign(new Error(action), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } });
    }
  };
  for (const client of Object.values(clients)) {
    (client as AwsClients['sqs']).middlewareStack.add(
      (next, context) => async (args) => {
        check(String(context.commandName).replace(/Command$/, ''), args.input as unknown as Record<string, unknown>);
        return next(args);
      },
      { step: 'initialize' },
    );
  }
  return clients;
}

/** What IAM asks for, for a command: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
function actionsOf(command: string, { QueueUrl, Bucket, IndexName, Tagging }: Record<string, unknown>): string[] {
  if (QueueUrl !== undefined) {
    return [`sqs:${command} on ${QueueUrl === services.environment.queueUrl ? 'queue' : 'dead letters'}`];
  }
  if (Bucket === undefined)
    return [`dynamodb:${command} on ${IndexName === undefined ? 'table' : `table/${IndexName}`}`];
  if (command === 'ListObjectsV2') return ['s3:ListBucket on bucket'];
  const action = command === 'DeleteObjects' ? 'DeleteObject' : command;
  return [`s3:${action} on bucket/*`, ...(Tagging === undefined ? [] : ['s3:PutObjectTagging on bucket/*'])];
}

interface Asked {
  method?: string;
  body?: unknown;
  query?: string;
  key?: string;
}

async function ask(path: string, { method = 'GET', body, query = '', key }: Asked = {}) {
  const answer = (await invocations.api({
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: {
      host: 'api',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    requestContext: {
      domainName: 'api',
      stage: '$default',
      http: { method, path },
      authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/ada' } },
    },
    isBase64Encoded: false,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })) as APIGatewayProxyStructuredResultV2;
  if ((answer.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${answer.body}`);
  return answer.body?.startsWith('{') ? JSON.parse(answer.body) : answer.body;
}

const post = (path: string, body?: unknown, key?: string) =>
  ask(path, { method: 'POST', ...(body !== undefined && { body }), ...(key !== undefined && { key }) });

async function start(
  name: string,
  input?: unknown,
  rest: { key?: string; correlationId?: string } = {},
): Promise<RunView> {
  const { key, ...more } = rest;
  return post('/v1/runs', { workflow: name, ...(input !== undefined && { input }), ...more }, key);
}

/** Hands what is in the queue to the driver, until nothing is left. */
async function drive(): Promise<void> {
  const { sqs } = services.clients;
  const { queueUrl: QueueUrl } = services.environment;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return;
    const Records = Messages.map(
      ({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {} }) =>
        ({
          messageId: MessageId,
          receiptHandle: ReceiptHandle,
          body: Body,
          attributes: Attributes,
        }) as unknown as SQSRecord,
    );
    expect(await invocations.driver({ Records })).toEqual({ batchItemFailures: [] } satisfies SQSBatchResponse);
  }
}

/** What is in the queue becomes dead letters, as SQS makes them of what was received too often. */
async function lettersDie(): Promise<void> {
  const { sqs } = services.clients;
  const { queueUrl, deadLetterQueueUrl } = services.environment;
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 43_200 }),
  );
  expect(Messages.length).toBeGreaterThan(0);
  for (const { Body } of Messages) {
    await sqs.send(new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: Body }));
  }
}

test('each function can do all of its work', { timeout: 60_000 }, async () => {
  // An event that comes twice, with an input that does not fit into the table; then one that fits beside the head only.
  for (const input of [big, long]) {
    const event = { pawl: { workflow: 'echo' }, id: `event-${input.length}`, input };
    expect(await invocations.trigger(event)).toMatchObject({ created: true });
    expect(await invocations.trigger(event)).toMatchObject({ created: false });
  }

  // A graph that does not fit into the table is read by whoever starts or drives a run of it.
  const graph = { name: 'long', tasks: [{ id: 'say', type: 'transform', output: big }] };
  expect(await post('/v1/workflows', graph)).toMatchObject({ name: 'long', version: 1, created: true });
  expect(await invocations.trigger({ pawl: { workflow: 'long' }, id: 'event-long' })).toMatchObject({ created: true });
  const versions = [{ version: 1 }];
  for (const verb of ['deactivate', 'rollback']) await post(`/v1/workflows/long/${verb}`);
  await post('/v1/workflows/long/activate', { versions });
  for (const part of ['', '/versions/1', '/history']) await ask(`/v1/workflows/long${part}`);

  const echo = await start('echo', big, { key: 'once', correlationId: 'order-1' });
  const parent = await start('parent');
  const listener = await start('listener', 50);
  const sleeper = await start('sleeper');
  await drive();
  for (let signal = 0; signal < 40; signal += 1) {
    await post(`/v1/runs/${listener.id}/signals/go`, { payload: signal === 0 ? big : signal });
    await drive();
  }
  for (const command of ['pause', 'resume', 'cancel']) await post(`/v1/runs/${sleeper.id}/${command}`);
  await drive();
  expect(await ask(`/v1/runs/${parent.id}`)).toMatchObject({ status: 'completed', output: 'from its parent' });
  expect(await ask(`/v1/runs/${sleeper.id}`)).toMatchObject({ status: 'cancelled' });

  const queries = ['', 'status=waiting', 'status=completed', 'workflow=echo', 'correlationId=order-1'];
  for (const query of queries) expect((await ask('/v1/runs', { query })).items).not.toEqual([]);
  for (const part of ['tasks', 'history', 'export', 'events']) await ask(`/v1/runs/${echo.id}/${part}`);
  await ask('/v1/workflows');
  const { id: _, ...run } = await ask(`/v1/runs/${echo.id}`);
  expect(run).toMatchObject({ status: 'completed', output: big });

  // Messages that could not be handled are sent again, or settled.
  const stuck = async () => {
    await post(`/v1/runs/${listener.id}/signals/go`);
    await start('echo');
    await lettersDie();
  };
  await stuck();
  expect(await post('/v1/dead-letters/redrive')).toEqual({ redriven: 2 });
  await drive();
  await stuck();
  clock.skip(2 * 60 * minutes);
  expect(await invocations.sweeper({})).toMatchObject({ deadFacts: 1, deadWakes: 1 });
  expect((await ask('/health')).checks).toContainEqual(expect.objectContaining({ name: 'dead letters' }));
  await drive();

  await ask(`/v1/runs/${echo.id}`, { method: 'DELETE' });
  await expect(ask(`/v1/runs/${echo.id}`)).rejects.toThrow('404');

  expect(refused).toEqual([]);
  expect(troubles).toEqual([]);
});

test('and has no permission that it does not use', () => {
  /** Lambda uses these in the function's name; one tells S3 to say what is missing; one is for a turn that breaks off. */
  const others: Record<FunctionName, string[]> = {
    api: [],
    driver: [
      ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) => `sqs:${action} on queue`),
      's3:ListBucket on bucket',
      'sqs:ChangeMessageVisibility on queue',
    ],
    sweeper: ['sqs:SendMessage on undelivered'],
    trigger: ['sqs:SendMessage on undelivered', 's3:ListBucket on bucket'],
  };
  const unused = functionNames.map((name) => [
    name,
    [...allowedFor(name)].filter((action) => !used.get(name)?.has(action) && !others[name].includes(action)),
  ]);
  expect(Object.fromEntries(unused)).toEqual({ api: [], driver: [], sweeper: [], trigger: [] });
});
