/**
 * The example workflows as they are written. What their steps do outside is done once, without any fault, and noted; in
 * a schedule they answer what was noted then.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { loadGraph } from '../../lib/graph/parse-graph.ts';
import { graphWorkflow } from '../../lib/graph/workflow.ts';
import type { Definition, Durability } from '../../lib/kernel/definition.ts';
import { nightlyReport, storeSales } from '../../workflows/nightly-report.ts';
import { orderHandlers } from '../../workflows/order/handlers.ts';
import { orderFulfilment } from '../../workflows/order-fulfilment.ts';
import { salesHandlers } from '../../workflows/sales/handlers.ts';
import { wordCount } from '../../workflows/word-count.ts';
import { aroundSteps } from './around-steps.ts';
import { undisturbed } from './undisturbed.ts';
import type { Telling } from './workload.ts';

interface Source {
  /** The first is started; the others are its children. */
  definitions(): Promise<Definition[]>;
  /** A file of `events/`, and what is different here. */
  event: string;
  changes?: Record<string, unknown>;
  tellings?: Telling[];
}

interface Example {
  /** `work` is what a step does instead, besides answering. */
  definitions(durability: Durability, work: (step: string) => Promise<void>): Definition[];
  input: unknown;
  tellings: Telling[];
  result: string;
}

const outDir = '.pawl/simulation/out';
const approval: Telling = { name: 'approval', key: 'approval', payload: { approved: true, by: 'maria' } };
const denial: Telling = {
  name: 'approval',
  key: 'approval',
  payload: { approved: false, by: 'maria', reason: 'dear' },
};

const inCode = async () => [orderFulfilment];
const orderGraph = async () => [await graph('order-graph.yaml', orderHandlers)];

async function graph(name: string, handlers: typeof orderHandlers | typeof salesHandlers): Promise<Definition> {
  const file = join('workflows', name);
  return graphWorkflow(loadGraph(await readFile(file, 'utf8'), { file }), { handlers });
}

export const examples: Record<string, Source> = {
  order: { definitions: inCode, event: 'order.json' },
  'order-approved': { definitions: inCode, event: 'order-large.json', tellings: [approval] },
  'order-denied': { definitions: inCode, event: 'order-large.json', tellings: [denial] },
  'order-undone': { definitions: inCode, event: 'order.json', changes: { failShipping: 'mug-white' } },
  'order-graph': { definitions: orderGraph, event: 'order.json' },
  'order-graph-approved': { definitions: orderGraph, event: 'order-large.json', tellings: [approval] },
  'order-graph-undone': { definitions: orderGraph, event: 'order.json', changes: { failShipping: 'mug-white' } },
  'nightly-report': { definitions: async () => [nightlyReport, storeSales], event: 'nightly-report.json' },
  'nightly-sales': {
    definitions: async () => [await graph('nightly-sales.yaml', salesHandlers)],
    event: 'nightly-report.json',
  },
  'word-count': { definitions: async () => [wordCount], event: 'word-count.json' },
};

const opened = new Map<string, Promise<Example>>();

export function openExample(name: string): Promise<Example> {
  const example = opened.get(name) ?? record(name);
  opened.set(name, example);
  return example;
}

type Answer = { value: unknown } | { error: unknown };

async function record(name: string): Promise<Example> {
  const source = examples[name];
  if (!source) throw new Error(`There is no example '${name}'; there are ${Object.keys(examples).join(', ')}`);
  const { changes, event, tellings = [] } = source;
  const definitions = await source.definitions();
  const sample = JSON.parse(await readFile(join('events', event), 'utf8')) as Record<string, unknown>;
  const { pace, ...rest } = { ...sample, ...(name.startsWith('order') && { pace: 0 }), outDir, ...changes } as Record<
    string,
    unknown
  >;
  const input = name === 'word-count' ? sample : { ...rest, ...(pace !== undefined && { pace }) };
  const answers = new Map<string, Answer>();
  let working = 0;

  async function note(step: string, run: () => unknown): Promise<unknown> {
    working += 1;
    try {
      const value = await run();
      answers.set(step, { value });
      return value;
    } catch (error) {
      answers.set(step, { error });
      throw error;
    } finally {
      working -= 1;
    }
  }

  function answer(step: string): unknown {
    const noted = answers.get(step);
    // Which of two at once was begun when a third failed is chance: what comes of it is undone or thrown away.
    if (!noted) return null;
    if ('error' in noted) throw noted.error;
    return noted.value;
  }

  const result = await undisturbed({
    definitionsIn: () => definitions.map((definition) => withSteps(definition, note)),
    input,
    tellings: (birth) => (birth.parent === undefined ? tellings : []),
    async realWork() {
      if (working > 0) await setTimeout(1);
      return working > 0;
    },
  });
  return {
    definitions: (durability, work) =>
      definitions.map((definition) => ({
        ...withSteps(definition, async (step) => {
          await work(step);
          return answer(step);
        }),
        durability,
      })),
    input,
    tellings,
    result,
  };
}

/** The same with a name for each step: workflow, key and attempt. */
function withSteps(
  definition: Definition,
  instead: (step: string, run: () => unknown) => Promise<unknown>,
): Definition {
  return aroundSteps(definition, ({ run, input, key, attempt }, work) =>
    instead(`${nameOf(run, input)} ${key}#${attempt.attempt}`, work),
  );
}

/** Runs of a child workflow are told apart by their input. */
function nameOf({ workflow }: { workflow: string }, input: unknown): string {
  return workflow === 'store-sales' ? `${workflow} ${JSON.stringify(input)}` : workflow;
}
