/** Graphs on the functions: registered over HTTP, driven by the driver, with what the infrastructure lets them use. */
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, type PawlClient } from '../../lib/client/index.ts';
import { type LocalAws, startLocalAws } from '../../lib/dev/local-aws.ts';
import { handlers } from '../../lib/graph/handlers.ts';
import { systemClock } from '../../lib/wiring/system.ts';

let aws: LocalAws;
let client: PawlClient;
let workUrl: string;
const troubles: string[] = [];

beforeAll(async () => {
  aws = await startLocalAws({
    workflows: { own: handlers({ double: async (input) => 2 * (input as number) }) },
    deployment: 'first',
    port: 0,
    clock: systemClock,
    observer: { troubled: ({ message, error }) => troubles.push(`${message}: ${error}`) },
    schedule: false,
    graphs: (services) => {
      workUrl = services.environment.queueUrl.replace('pawl-wakes', 'work');
      return { hosts: [], functions: [], queues: [workUrl] };
    },
  });
  await aws.services.clients.sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  client = createClient({ url: aws.url });
});
afterAll(() => aws.close());

test('a graph is registered, started and driven; its handlers are those of the deployment', async () => {
  const source = `
name: doubled
tasks:
  - { id: once, type: executor, handler: double, input: "{% $input %}" }
  - { id: twice, type: executor, handler: double, dependsOn: [once], input: "{% $tasks.once.output %}" }
output: "{% $tasks.twice.output %}"
`;
  expect(await client.registerWorkflow({ source })).toMatchObject({ version: 1 });
  expect(await (await client.start('doubled', 3)).result()).toBe(12);
  expect(troubles).toEqual([]);
});

test('a queue’s consumer answers by its callback token', async () => {
  const source = `
name: outside
tasks:
  - { id: ask, type: executor, queue: work, input: { question: 42 } }
output: "{% $tasks.ask.output %}"
`;
  await client.registerWorkflow({ source });
  const run = await client.start('outside');
  const { Messages = [] } = await aws.services.clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: workUrl, WaitTimeSeconds: 10 }),
  );
  const { input, callbackToken } = JSON.parse(Messages[0]?.Body ?? '{}') as { input: unknown; callbackToken: string };
  expect(input).toEqual({ question: 42 });
  await client.answerCallback(callbackToken, { result: 'yes' });
  expect(await run.result()).toBe('yes');
});

test('what the infrastructure does not allow is refused when the graph is registered', async () => {
  const source = `
name: elsewhere
tasks:
  - { id: get, type: executor, http: { url: "https://api.example.com/" } }
`;
  await expect(client.registerWorkflow({ source })).rejects.toMatchObject({ code: 'invalid_input' });
});
