/** Graphs on the functions: registered over HTTP, driven by the driver, with what the infrastructure lets them use. */
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, type PawlClient } from '../../lib/client/index.ts';
import { type LocalAws, startLocalAws } from '../../lib/dev/local-aws.ts';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { handlers } from '../../lib/graph/handlers.ts';
import { workflow } from '../../lib/workflow/index.ts';

let aws: LocalAws;
let client: PawlClient;
let workUrl: string;
const clock = createShiftedClock();
const undone: unknown[] = [];
const troubles: string[] = [];

beforeAll(async () => {
  aws = await startLocalAws({
    workflows: {
      own: handlers({
        double: async (input) => 2 * (input as number),
        echo: (input) => input,
        undo: (input) => undone.push(input),
        flaky(input, { attempt }) {
          if (attempt === 1) throw new Error('once');
          return input;
        },
        bad() {
          throw Object.assign(new Error('bad'), { name: 'Broken' });
        },
      }),
      other: workflow({ name: 'other' }, (ctx, n: number) => ctx.step('twice', () => 2 * n)),
    },
    deployment: 'first',
    port: 0,
    clock,
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

test('every type of task does on the functions what it does in one process', { timeout: 30_000 }, async () => {
  const source = `
name: everything
tasks:
  - { id: seed, type: executor, handler: echo, input: [1, 2, 3], compensate: { handler: undo } }
  - { id: sum, type: transform, dependsOn: [seed], output: "{% $sum($tasks.seed.output) %}" }
  - id: size
    type: condition
    dependsOn: [sum]
    cases: [{ when: "{% $tasks.sum.output > 5 %}", then: large }]
    otherwise: small
  - { id: large, type: executor, handler: echo, input: large }
  - { id: small, type: executor, handler: echo, input: small }
  - id: each
    type: map
    dependsOn: [seed]
    items: "{% $tasks.seed.output %}"
    concurrency: 2
    tasks:
      - { id: twice, type: executor, handler: flaky, input: "{% 2 * $item %}", retry: { attempts: 2, initial: 1m } }
      - { id: rest, type: wait, duration: 30m, dependsOn: [twice] }
      - { id: add, type: executor, handler: echo, input: "{% $tasks.twice.output + $index %}", dependsOn: [rest] }
  - id: steps
    type: sequential
    dependsOn: [large, small]
    join: none_failed
    tasks:
      - { id: bad, type: executor, handler: bad, retry: { attempts: 1 }, catch: { Broken: mend } }
      - { id: mend, type: executor, handler: echo, input: "{% $tasks.bad.error.message %}" }
      - { id: other, type: sub_workflow, workflow: other, input: 5 }
  - { id: approval, type: signal, timeout: 3d, dependsOn: [steps, each], output: "{% $result.by %}" }
  - id: box
    type: parallel
    dependsOn: [approval]
    tasks:
      - { id: slow, type: signal, signal: never }
      - { id: out, type: succeed, output: out }
  - { id: end, type: fail, dependsOn: [box], when: "{% $tasks.approval.output = 'nobody' %}", error: Refused, message: no }
output: { each: "{% $tasks.each.output %}", mend: "{% $tasks.mend.output %}", other: "{% $tasks.other.output %}", by: "{% $tasks.approval.output %}", box: "{% $tasks.box.output %}" }
`;
  await client.registerWorkflow({ source });
  const finish = async (by: string) => {
    const run = await client.start('everything');
    for (;;) {
      const { awaiting = [], closedAt, status } = await client.getRun(run.id);
      if (closedAt !== undefined) return run;
      if (awaiting.some(({ name }) => name === 'approval'))
        await client.signalRun(run.id, 'approval', { payload: { by } });
      // While a driver is at it time passes by itself.
      if (status === 'waiting') clock.skip(5 * 60_000);
      await aws.sweep();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  expect(await (await finish('ada')).result()).toEqual({
    each: [2, 5, 8],
    mend: 'bad',
    other: 10,
    by: 'ada',
    box: 'out',
  });
  const refused = await finish('nobody');
  await expect(refused.result()).rejects.toMatchObject({ run: { error: { name: 'Refused' } } });
  expect(undone).toEqual([[1, 2, 3]]);
});
