import { describe, expect, test } from 'vitest';
import type { GraphEnvironment } from '../../lib/graph/check/environment.ts';
import { graphLimits } from '../../lib/graph/limits.ts';
import { loadGraph, parseGraph } from '../../lib/graph/parse-graph.ts';
import { type GraphProblem, problemLine } from '../../lib/graph/problems.ts';
import type { BadGraph } from './bad/bad-graph.ts';
import { environment } from './bad/environment.ts';
import { expressions } from './bad/expressions.ts';
import { names } from './bad/names.ts';
import { schemas } from './bad/schemas.ts';
import { structure } from './bad/structure.ts';
import { texts } from './bad/texts.ts';

const offered: GraphEnvironment = {
  handlers: ['fetchOrders', 'checkOrder', 'h'],
  executors: { http: { allow: ['api.example.com'] }, lambda: false, queue: false },
  workflows: [{ name: 'billing', versions: [1, 2] }],
};

function problemsOf(text: string, format: 'yaml' | 'json' = 'yaml'): GraphProblem[] {
  const parsed = parseGraph(text, { file: 'graph', format, environment: offered });
  return 'problems' in parsed ? parsed.problems : [];
}

const groups: Record<string, BadGraph[]> = { texts, structure, schemas, names, expressions, environment };

test('there are more than a hundred bad graphs', () => {
  const titles = Object.values(groups).flatMap((group) => group.map(({ title }) => title));
  expect(titles.length).toBeGreaterThan(120);
  expect(new Set(titles).size).toBe(titles.length);
});

describe.each(Object.entries(groups))('every problem is found, with its place: %s', (_name, group) => {
  test.each(group)('$title', ({ text, format, problems }) => {
    const found = problemsOf(text, format).map((problem) => problemLine(problem).replace(/^graph:/, ''));
    expect(found).toEqual(problems);
  });
});

test('all problems of a graph are found at once, in the order of the file', () => {
  const text = `
name: nightly orders
tasks:
  - { id: fetch, type: executer, handler: fetchOrders }
  - { id: check, type: executor, handler: chekOrder, dependsOn: [fetch, charge], timeout: soon }
  - { id: tell, type: transform, output: "{% $tasks.check.outputs %}" }
output: "{% $tasks.tel.output %}"
`;
  expect(problemsOf(text).map(problemLine)).toEqual([
    "graph:2:7 name: expected a name of letters, digits, '.', '_' and '-', up to 128, the first a letter or digit, " +
      'found the text "nightly orders"',
    'graph:4:24 tasks[0].type: there is no task type "executer" (did you mean "executor"?)',
    'graph:5:43 tasks[1].handler: there is no handler "chekOrder" (did you mean "checkOrder"?)',
    'graph:5:73 tasks[1].dependsOn[1]: "dependsOn" names "charge", which is no task',
    'graph:5:91 tasks[1].timeout: expected a duration like "500ms", "30s", "5m", "2h", "7d", or milliseconds, ' +
      'found the text "soon"',
    'graph:6:53 tasks[2].output: "check" may not have run by then (add "check" to the "dependsOn" of "tell")',
    'graph:6:59 tasks[2].output: "outputs" is nothing that a task has (did you mean "output"?)',
    'graph:7:20 output: there is no task "tel" (did you mean "tell"?)',
  ]);
});

describe('limits', () => {
  test('no more problems than the limit are shown, and the rest is counted', () => {
    const lines = Array.from({ length: graphLimits.problems + 5 }, (_, n) => `  - { id: t${n}, type: nothing }`);
    const problems = problemsOf(`name: a\ntasks:\n${lines.join('\n')}`);
    expect(problems).toHaveLength(graphLimits.problems + 1);
    expect(problems.at(-1)?.message).toBe('and 5 more problems, not shown (limit problems)');
  });

  test('ten thousand tasks with fifty thousand wrong names are complained of without looking for each that was meant', {
    timeout: 30_000,
  }, () => {
    const tasks = Array.from({ length: 10_000 }, (_, n) => ({
      id: `task_number_${n}`,
      type: 'executor',
      handler: `handler_${n}`,
      input: `{% $tasks.tusk_${n}.output %}`,
      dependsOn: Array.from({ length: 5 }, (_, m) => `tusk_number_${n}_${m}`),
    }));
    const problems = problemsOf(JSON.stringify({ name: 'a', tasks }), 'json');
    expect(problems[0]?.message).toBe('there is no handler "handler_0"');
    expect(problems.at(-1)?.message).toBe('and 69900 more problems, not shown (limit problems)');
  });

  test('a text that is too long is not read', () => {
    expect(problemsOf(`# ${'x'.repeat(graphLimits.textChars)}`)[0]?.message).toContain('(limit textChars)');
  });

  test.each(['[', '- ', '? ', '{a: ', '{"a":['])('no nesting exhausts the stack: %j', (opening) => {
    const [problem] = problemsOf(opening.repeat(100_000));
    expect(problem?.message).toContain('(limit textDepth)');
  });

  test('no nesting of JSON exhausts the stack', () => {
    expect(problemsOf('[{"a":'.repeat(100_000), 'json')[0]?.message).toContain('(limit textDepth)');
  });

  test('aliases are limited in number', () => {
    const uses = Array.from({ length: graphLimits.aliases + 1 }, () => '*x').join(', ');
    const text = `name: &x a\ntasks: [{ id: a, type: transform, output: [${uses}] }]`;
    expect(problemsOf(text).map(({ message }) => message)).toEqual([
      `there are more than ${graphLimits.aliases} aliases (limit aliases)`,
    ]);
  });

  test('aliases of aliases are limited in what they stand for', () => {
    const lines = ['a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'];
    for (let n = 1; n < 9; n += 1)
      lines.push(`a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(', ')}]`);
    expect(problemsOf(lines.join('\n')).map(({ message }) => message)).toContain(
      `the text has more than ${graphLimits.textValues} values (limit textValues)`,
    );
  });

  test('containers are limited in depth', () => {
    const depth = graphLimits.containerDepth + 1;
    let task = '{ id: a, type: transform, output: 1 }';
    for (let n = 0; n < depth; n += 1) task = `{ id: p${n}, type: parallel, tasks: [${task}] }`;
    expect(problemsOf(`name: a\ntasks: [${task}]`)[0]?.message).toContain('(limit containerDepth)');
  });

  test('tasks are limited in number', () => {
    const tasks = Array.from({ length: graphLimits.tasks + 1 }, (_, n) => ({ id: `t${n}`, type: 'wait', duration: 1 }));
    expect(problemsOf(JSON.stringify({ name: 'a', tasks }), 'json')[0]?.message).toBe(
      `the graph has ${graphLimits.tasks + 1} tasks, more than ${graphLimits.tasks} (limit tasks)`,
    );
  });

  test('a long cycle is printed in short', () => {
    const tasks = Array.from({ length: 1_000 }, (_, n) => ({
      id: `t${n}`,
      type: 'transform',
      output: n,
      dependsOn: [`t${(n + 1) % 1_000}`],
    }));
    const [problem] = problemsOf(JSON.stringify({ name: 'a', tasks }), 'json');
    expect(problem?.message).toBe(
      'tasks wait for each other: t0 → t1 → t2 → t3 → t4 → t5 → t6 → t7 → t8 → t9 → … → t0 (1000 tasks)',
    );
  });
});

test('a graph with problems is a fault that says all of them', () => {
  expect(() => loadGraph('name: a\ntask: []\n', { file: 'orders.yaml' })).toThrow(
    'orders.yaml has 2 problems:\n' +
      'orders.yaml:1:1 "tasks" is missing in a graph (it is a list of tasks)\n' +
      'orders.yaml:2:1 task: there is no field "task" in a graph (did you mean "tasks"?)',
  );
});
