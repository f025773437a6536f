import { describe, expect, test } from 'vitest';
import type { Graph, GraphTask } from '../../lib/graph/definition.ts';
import { loadGraph, parseGraph } from '../../lib/graph/parse-graph.ts';
import { tasks } from './bad/bad-graph.ts';

function load(text: string): Graph {
  return loadGraph(text, { file: 'graph.yaml' });
}

function taskOf<T extends GraphTask['type']>(graph: Graph, id: string, type: T): Extract<GraphTask, { type: T }> {
  const find = (list: GraphTask[]): GraphTask | undefined => {
    for (const task of list) {
      const found = task.id === id ? task : 'body' in task ? find(task.body.tasks) : undefined;
      if (found) return found;
    }
    return undefined;
  };
  const task = find(graph.body.tasks);
  if (task?.type !== type) throw new Error(`${id} is no ${type}`);
  return task as Extract<GraphTask, { type: T }>;
}

/** `then` is a word of the language, and one that looks like a promise to a linter. */
function withThen(fields: object, to: string | string[]): object {
  return Object.fromEntries([...Object.entries(fields), ['then', to]]);
}

test('the example of the guide', () => {
  const graph = load(`
name: nightly-orders
tasks:
  - { id: fetch, type: executor, handler: fetchOrders, input: "{% {'day': $input.day} %}" }
  - { id: check, type: executor, handler: checkOrder, dependsOn: [fetch], retry: { attempts: 3, initial: 1s } }
output: "{% $tasks.check.output %}"
`);
  expect(graph).toMatchObject({ name: 'nightly-orders', version: 1, durability: 'each', concurrency: 100, tags: [] });
  expect(graph.output).toEqual({
    kind: 'expression',
    expression: { source: ' $tasks.check.output ', place: { path: 'output', line: 6, column: 9 } },
  });
  expect(taskOf(graph, 'check', 'executor')).toMatchObject({
    place: { path: 'tasks[1]', line: 5, column: 5 },
    dependsOn: ['fetch'],
    join: 'all_succeeded',
    target: { kind: 'handler', handler: 'checkOrder' },
    retry: { attempts: 3, initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2, errors: undefined, except: [] },
  });
  expect(graph.body.last).toEqual(['check']);
});

test('what a graph says of itself', () => {
  const graph = load(`
name: orders
version: 3
description: Orders of a day
category: sales
tags: [nightly, orders]
inputSchema: { type: object, required: [day] }
outputSchema: true
timeout: 2d
retention: 1w
durability: relaxed
concurrency: 5
tasks: [{ id: a, type: wait, duration: 1s }]
`);
  expect(graph).toMatchObject({
    version: 3,
    description: 'Orders of a day',
    category: 'sales',
    tags: ['nightly', 'orders'],
    inputSchema: { type: 'object', required: ['day'] },
    outputSchema: true,
    timeoutMs: 172_800_000,
    retentionMs: 604_800_000,
    durability: 'relaxed',
    concurrency: 5,
  });
});

test('JSON and YAML give the same graph', () => {
  const json =
    '{"name": "a", "tasks": [{"id": "b", "type": "transform", "output": {"x": ["{% 1 %}", 2, null, true]}}]}';
  const fromJson = loadGraph(json, { file: 'a.json' });
  expect(loadGraph(json, { file: 'a.yaml' })).toEqual(fromJson);
});

test('all types of tasks, with all that is left out filled in', () => {
  const graph = load(
    tasks(`
      - { id: call, type: executor, http: { url: "https://example.com/a", headers: { X-Day: "{% $input.day %}" }, query: { n: 1 } } }
      - { id: post, type: executor, http: { url: "{% $input.url %}" }, input: { a: 1 } }
      - { id: fn, type: executor, lambda: resize, atMostOnce: true, timeout: 30s }
      - { id: ask, type: executor, queue: people, timeout: 1d }
      - { id: sub, type: sub_workflow, workflow: billing, version: 2, input: 1, timeout: 1h }
      - { id: pause, type: wait, duration: "{% $input.pause %}" }
      - { id: morning, type: wait, until: 2030-01-31T08:00:00Z }
      - { id: approval, type: signal, schema: { type: boolean }, timeout: 1h, onTimeout: stop, catch: { "*": stop } }
      - { id: stop, type: fail, error: Stopped }
      - { id: done, type: succeed, output: "{% $input %}", when: "{% $input.skip %}" }
    `),
  );
  const nothing = { kind: 'literal', value: 'https://example.com/a' };
  expect(taskOf(graph, 'call', 'executor').target).toMatchObject({
    kind: 'http',
    url: nothing,
    method: 'GET',
    headers: [{ name: 'X-Day', value: { kind: 'expression' } }],
    query: [{ name: 'n', value: { kind: 'literal', value: 1 } }],
    maxResponseBytes: 1_048_576,
  });
  expect(taskOf(graph, 'post', 'executor').target).toMatchObject({ method: 'POST', url: { kind: 'expression' } });
  expect(taskOf(graph, 'fn', 'executor')).toMatchObject({
    target: { kind: 'lambda', function: 'resize' },
    atMostOnce: true,
    timeoutMs: 30_000,
  });
  expect(taskOf(graph, 'ask', 'executor')).toMatchObject({
    target: { kind: 'queue', queue: 'people' },
    timeoutMs: 86_400_000,
  });
  expect(taskOf(graph, 'sub', 'sub_workflow')).toMatchObject({
    workflow: 'billing',
    workflowVersion: 2,
    timeoutMs: 3_600_000,
  });
  expect(taskOf(graph, 'pause', 'wait').for).toMatchObject({ kind: 'durationExpression' });
  expect(taskOf(graph, 'morning', 'wait').for).toEqual({ kind: 'until', at: Date.UTC(2030, 0, 31, 8) });
  expect(taskOf(graph, 'approval', 'signal')).toMatchObject({
    signal: { kind: 'literal', value: 'approval' },
    schema: { type: 'boolean' },
    timeoutMs: 3_600_000,
    catch: [withThen({ error: 'TimeoutError' }, 'stop'), withThen({ error: '*' }, 'stop')],
  });
  expect(taskOf(graph, 'stop', 'fail')).toMatchObject({
    chosenBy: ['approval'],
    error: 'Stopped',
    message: { kind: 'literal', value: 'Stopped' },
  });
});

describe('retry and timeout', () => {
  const text = `
name: a
defaults: { retry: { attempts: 5, initial: 2m, except: [Declined] }, timeout: 10s }
tasks:
  - { id: a, type: executor, handler: h }
  - { id: b, type: executor, handler: h, retry: { attempts: 1, max: 1h, errors: [Busy] }, timeout: 1s }
  - { id: c, type: executor, handler: h, compensate: { handler: undo, timeout: 5s } }
`;
  test('are inherited from the defaults, field by field', () => {
    const graph = load(text);
    const { retry: inherited, timeoutMs } = taskOf(graph, 'a', 'executor');
    expect(timeoutMs).toBe(10_000);
    expect(inherited).toEqual({
      attempts: 5,
      initialMs: 120_000,
      factor: 2,
      maxMs: 120_000,
      jitter: 0.2,
      errors: undefined,
      except: ['Declined'],
    });
    expect(taskOf(graph, 'b', 'executor')).toMatchObject({
      timeoutMs: 1_000,
      retry: { attempts: 1, initialMs: 120_000, maxMs: 3_600_000, errors: ['Busy'], except: ['Declined'] },
    });
  });

  test('of compensations are their own', () => {
    expect(taskOf(load(text), 'c', 'executor').compensate).toMatchObject({
      target: { kind: 'handler', handler: 'undo' },
      retry: { attempts: 10, initialMs: 1_000, maxMs: 300_000, except: [] },
      timeoutMs: 5_000,
      input: undefined,
    });
  });
});

describe('who waits for whom', () => {
  const graph = load(
    tasks(`
      - { id: fetch, type: executor, handler: h, catch: { "*": tell } }
      - { id: tell, type: executor, handler: h }
      - id: risk
        type: condition
        dependsOn: [fetch]
        cases:
          - { when: "{% $tasks.fetch.output > 1 %}", then: [approve, note] }
          - { when: "{% $tasks.fetch.output > 2 %}", then: note }
        otherwise: [note]
      - { id: approve, type: signal, dependsOn: [risk, fetch] }
      - { id: note, type: transform, output: 1 }
      - id: steps
        type: sequential
        dependsOn: [approve, note]
        join: any_succeeded
        tasks:
          - { id: one, type: transform, output: 1 }
          - { id: two, type: transform, output: 2, dependsOn: [one] }
          - { id: three, type: transform, output: 3, dependsOn: [one], join: all_done }
    `),
  );

  test('a chosen task names those that may choose it, each once, and not among what it depends on', () => {
    expect(taskOf(graph, 'note', 'transform')).toMatchObject({ chosenBy: ['risk'], dependsOn: [] });
    expect(taskOf(graph, 'approve', 'signal')).toMatchObject({ chosenBy: ['risk'], dependsOn: ['fetch'] });
    expect(taskOf(graph, 'tell', 'executor')).toMatchObject({ chosenBy: ['fetch'], dependsOn: [] });
    expect(taskOf(graph, 'risk', 'condition')).toMatchObject({
      cases: [withThen({}, ['approve', 'note']), withThen({}, ['note'])],
      otherwise: ['note'],
    });
  });

  test('in a sequence each task depends on the one before, and goes on if that was skipped', () => {
    expect(taskOf(graph, 'one', 'transform')).toMatchObject({ dependsOn: [], join: 'none_failed' });
    expect(taskOf(graph, 'two', 'transform')).toMatchObject({ dependsOn: ['one'], join: 'none_failed' });
    expect(taskOf(graph, 'three', 'transform')).toMatchObject({ dependsOn: ['two', 'one'], join: 'all_done' });
  });

  test('the last tasks are those that nobody waits for, without those that run only after an error', () => {
    expect(graph.body.last).toEqual(['steps']);
    expect(taskOf(graph, 'steps', 'sequential').body.last).toEqual(['three']);
    const two = load(
      tasks(`
      - { id: a, type: executor, handler: h, catch: { "*": undo } }
      - { id: b, type: executor, handler: h }
      - { id: undo, type: executor, handler: h }
      - { id: after, type: transform, output: 1, dependsOn: [undo] }
    `),
    );
    expect(two.body.last).toEqual(['a', 'b']);
  });
});

describe('templates', () => {
  const output = (text: string) =>
    taskOf(load(tasks(`\n      - { id: a, type: transform, output: ${text} }\n    `)), 'a', 'transform').output;

  test('a value without expressions is a literal, as it stands', () => {
    expect(output('{ a: [1, "x", null, true, 1.5], b: {} }')).toEqual({
      kind: 'literal',
      value: { a: [1, 'x', null, true, 1.5], b: {} },
    });
  });

  test('expressions stand at leaves, as whole texts', () => {
    expect(output('{ a: [1, "{% $input %}"], b: 2 }')).toMatchObject({
      kind: 'object',
      fields: [
        { name: 'a', value: { kind: 'list', items: [{ kind: 'literal', value: 1 }, { kind: 'expression' }] } },
        { name: 'b', value: { kind: 'literal', value: 2 } },
      ],
    });
  });

  test('an expression may be spread over lines', () => {
    const graph = load(
      'name: a\ntasks:\n  - id: a\n    type: transform\n    output: >-\n      {%\n        $input.a\n      %}\n',
    );
    expect(taskOf(graph, 'a', 'transform').output).toMatchObject({
      expression: { source: expect.stringContaining('$input.a') },
    });
  });
});

describe('expressions may name', () => {
  const good: [what: string, lines: string][] = [
    [
      'a task before the one before',
      `
      - { id: a, type: transform, output: 1 }
      - { id: b, type: transform, output: 2, dependsOn: [a] }
      - { id: c, type: transform, dependsOn: [b], output: "{% $tasks.a.output + $tasks.b.output %}" }
      `,
    ],
    [
      'the one that chose it, and what that waited for',
      `
      - { id: a, type: executor, handler: h, catch: { "*": b } }
      - { id: b, type: transform, output: "{% $tasks.a.error.message & $tasks.a.status %}" }
      `,
    ],
    [
      'from inside what the container waits for',
      `
      - { id: a, type: transform, output: 1 }
      - { id: p, type: parallel, dependsOn: [a], tasks: [{ id: m, type: map, items: "{% [$tasks.a.output] %}", tasks: [{ id: b, type: transform, output: "{% $tasks.a.output + $item + $index %}" }] }] }
      `,
    ],
    [
      'what is inside of a container that it waits for',
      `
      - { id: p, type: parallel, tasks: [{ id: s, type: sequential, tasks: [{ id: a, type: transform, output: 1 }] }] }
      - { id: b, type: transform, dependsOn: [p], output: "{% $tasks.a.output & $tasks.s.output & $tasks.p.output %}" }
      `,
    ],
    [
      'in the output of a container what is inside',
      `
      - { id: p, type: parallel, tasks: [{ id: a, type: transform, output: 1 }], output: "{% $tasks.a.output & $result.a %}" }
      `,
    ],
    [
      'in a sequence those before, without a word',
      `
      - { id: s, type: sequential, tasks: [{ id: a, type: transform, output: 1 }, { id: b, type: transform, output: 2 }, { id: c, type: transform, output: "{% $tasks.a.output %}" }] }
      `,
    ],
    [
      'items of the map around, by names of their own',
      `
      - { id: m, type: map, items: [1], tasks: [{ id: n, type: map, items: "{% [$item, $index] %}", tasks: [{ id: a, type: transform, output: "{% $item %}" }] }] }
      `,
    ],
    [
      'the result, in what it gives and in how it is undone',
      `
      - { id: a, type: executor, handler: h, output: "{% $result.id %}", compensate: { handler: undo, input: "{% $result %}" } }
      `,
    ],
    [
      'the run',
      `
      - { id: a, type: transform, output: "{% $run.id & $run.workflow & $run.version & $run.createdAt & $run.correlationId %}" }
      `,
    ],
  ];
  test.each(good)('%s', (_what, lines) => {
    expect(parseGraph(tasks(lines), { file: 'graph.yaml' })).toHaveProperty('graph');
  });

  test('any task, in the output of the graph', () => {
    const text = `${tasks(good[3]?.[1] ?? '')}output: "{% $tasks.a.output & $tasks.b.output %}"\n`;
    expect(load(text).body.tasks).toHaveLength(2);
  });
});

describe('what a deployment offers', () => {
  const text = tasks(`
      - { id: notify, type: executor, http: { url: "https://example.com:8443/a" } }
      - { id: resize, type: executor, lambda: "arn:aws:lambda:eu-west-1:1:function:resize:live" }
      - { id: ask, type: executor, queue: "https://sqs.eu-west-1.amazonaws.com/1/approvals" }
      - { id: bill, type: sub_workflow, workflow: billing, version: 2 }
      - { id: again, type: sub_workflow, workflow: orders }
    `);
  const parsed = parseGraph(text, { file: 'graph.yaml' });
  if ('problems' in parsed) throw new Error('it has problems');
  const nothing = { handlers: [], executors: { http: false, lambda: false, queue: false } };

  test('all of it', () => {
    const executors = { http: { allow: ['example.com:8443'] }, lambda: true, queue: true };
    expect(parsed.problemsIn({ handlers: [], executors, workflows: [{ name: 'billing', versions: [1, 2] }] })).toEqual(
      [],
    );
    expect(parsed.problemsIn({ handlers: [], executors: { http: true, lambda: true, queue: true } })).toEqual([]);
  });

  test('nothing: each executor is a problem', () => {
    expect(parsed.problemsIn(nothing).map(({ path }) => path)).toEqual([
      'tasks[0].http',
      'tasks[1].lambda',
      'tasks[2].queue',
    ]);
  });

  test('handlers stand in: named as the task for HTTP, else as the function or the queue', () => {
    expect(parsed.problemsIn({ ...nothing, handlers: ['notify', 'resize', 'approvals'] })).toEqual([]);
  });
});
