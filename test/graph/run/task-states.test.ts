import { replay } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { loadGraph } from '../../../lib/graph/parse-graph.ts';
import { createTaskStates, taskOfKey } from '../../../lib/graph/run/task-states.ts';
import { graphWorkflow } from '../../../lib/graph/workflow.ts';
import { graphOf, openGraph } from './open-graph.ts';

const text = `
name: states
tasks:
  - { id: a, type: executor, handler: echo }
  - { id: c, type: condition, dependsOn: [a], cases: [{ when: "{% true %}", then: yes1 }], otherwise: no1 }
  - { id: yes1, type: transform, output: 1 }
  - { id: no1, type: executor, handler: echo }
  - id: box
    type: parallel
    dependsOn: [a]
    tasks:
      - { id: w, type: wait, duration: 1h }
      - { id: child, type: sub_workflow, workflow: other, timeout: 2h }
      - { id: ask, type: signal, timeout: 2h }
  - id: each
    type: map
    items: [1, 2]
    tolerate: 2
    tasks: [{ id: work, type: executor, handler: odd, input: "{% $item %}", retry: { attempts: 1 } }]
  - { id: print, type: executor, queue: printers, dependsOn: [box], retry: { attempts: 2, initial: 1m } }
  - { id: end, type: executor, handler: echo, dependsOn: [print] }
`;

const odd = (input: unknown) => {
  if (input === 1) throw new Error('odd');
};

describe('states of tasks', () => {
  test('are gathered from a replay of the journal, skipped tasks and computed ones included', async () => {
    const { t, start } = await openGraph(text, { odd });
    t.child('other', () => 1);
    const run = await start();
    await t.settle();
    const graph = loadGraph(text, { file: 'states.yaml' });
    const statesNow = async () => {
      const { note, states } = createTaskStates();
      await replay(graphWorkflow(graph, { onTask: note }), JSON.parse(JSON.stringify(await run.export())));
      return Object.fromEntries(states());
    };
    expect(await statesNow()).toEqual({
      a: 'completed',
      c: 'completed',
      yes1: 'completed',
      no1: 'skipped',
      box: 'running',
      w: 'waiting',
      child: 'completed',
      ask: 'waiting',
      each: 'completed',
      work: 'failed',
    });
    await run.signal('ask');
    await t.advance('1h');
    expect(await statesNow()).toMatchObject({ box: 'completed', w: 'completed', print: 'failed' });
  });

  test('of tasks of the journal belong to the task of the graph that the key names', async () => {
    const { graph } = graphOf(text, { echo: () => 1, odd });
    const keys = {
      a: 'a',
      'compensate:a#1': 'a',
      'box/sleep:w': 'w',
      'box/child/child:other': 'child',
      'box/child/sleep:timeout': 'child',
      'box/signal:ask': 'ask',
      'box/signal:ask/timeout': 'ask',
      'each[12]/work': 'work',
      'print/send': 'print',
      'print#2/callback:answer': 'print',
      'sleep:print#2': 'print',
      'compensate:each[0]/work#3': 'work',
      gone: undefined,
    };
    expect(Object.fromEntries(Object.keys(keys).map((key) => [key, taskOfKey(graph, key)?.id]))).toEqual(keys);
  });
});
