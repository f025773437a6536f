import { join } from 'node:path';
import { openPawl } from 'pawl';
import { handlers } from '../lib/graph/handlers.ts';
import { loadGraph } from '../lib/graph/parse-graph.ts';
import { type GraphWorkflow, graphWorkflow } from '../lib/graph/workflow.ts';
import { openPlain } from './plain.ts';
import { medianOf, mediansByTurns, timeOf } from './statistics.ts';

/** What is measured of task graphs whose handlers do nothing. Times in ms, of whole runs unless they say otherwise. */
export interface GraphFigures extends Record<Shape, number> {
  /** As many plain writes as tasks: those that may run at once together, the others one behind the other. */
  plain?: Partial<Record<string, number>>;
  /** From text to workflow. */
  parse10000: number;
  /** From the signal that a suspended run waits for behind all its tasks to its end, in a new process's place. */
  resume10000?: number;
}

type Shape = 'chain1000' | 'diamonds250' | 'fan1000' | 'layered10000';

interface Task {
  id: string;
  type: string;
  handler?: string;
  dependsOn: string[];
}

const times = 3;
const layers = 100;
const width = 100;
const edgesPerTask = 5;

const task = (id: string, dependsOn: string[]): Task => ({ id, type: 'executor', handler: 'nothing', dependsOn });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function chain(length: number): Task[] {
  return range(length).map((index) => task(`t${index}`, index === 0 ? [] : [`t${index - 1}`]));
}

/** One behind the other: one, two side by side, one. */
function diamonds(count: number): Task[] {
  return range(count).flatMap((index) => [
    task(`top${index}`, index === 0 ? [] : [`end${index - 1}`]),
    task(`left${index}`, [`top${index}`]),
    task(`right${index}`, [`top${index}`]),
    task(`end${index}`, [`left${index}`, `right${index}`]),
  ]);
}

function fan(breadth: number): Task[] {
  const wide = range(breadth).map((index) => `w${index}`);
  return [
    task('source', []),
    ...wide.map((id) => task(id, ['source'])),
    ...['one', 'two', 'three'].map((id) => task(id, wide)),
  ];
}

/** Each task depends on some of the layer before, the same in every measurement. */
function layered(): Task[] {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % width;
  };
  return range(layers * width).map((index) => {
    const before = (Math.floor(index / width) - 1) * width;
    const some = before < 0 ? [] : range(edgesPerTask).map(() => `t${before + draw()}`);
    return task(`t${index}`, [...new Set(some)]);
  });
}

function textOf(name: string, tasks: Task[]): string {
  return JSON.stringify({ name, concurrency: 5_000, tasks });
}

function workflowOf(text: string): GraphWorkflow {
  return graphWorkflow(loadGraph(text, { file: 'bench.json' }), { handlers: handlers({ nothing: () => null }) });
}

/** How many tasks of each shape may run at once, one level after the other. */
const levels: Record<Shape, number[]> = {
  chain1000: range(1_000).map(() => 1),
  diamonds250: range(250).flatMap(() => [1, 2, 1]),
  fan1000: [1, 1_000, 3],
  layered10000: range(layers).map(() => width),
};

export async function measureGraphs(store: 'memory' | 'lmdb', folder: string): Promise<GraphFigures> {
  const last = range(width).map((index) => `t${(layers - 1) * width + index}`);
  const waiting: Task[] = [...layered(), { id: 'go', type: 'signal', dependsOn: last }];
  const largeText = textOf('layered', layered());
  const flows = {
    chain1000: workflowOf(textOf('chain', chain(1_000))),
    diamonds250: workflowOf(textOf('diamonds', diamonds(250))),
    fan1000: workflowOf(textOf('fan', fan(1_000))),
    layered10000: workflowOf(largeText),
  };
  const suspended = workflowOf(textOf('waiting', waiting));
  const workflows = [...Object.values(flows), suspended];

  const isMemory = store === 'memory';
  const dataDir = isMemory ? ':memory:' : join(folder, 'data');
  const pawl = await openPawl({ workflows, dataDir });
  const plain = isMemory ? undefined : openPlain(join(folder, 'plain.mdb'));
  const floor: Partial<Record<string, number>> = {};
  const measure = async (shape: Shape) => {
    const { run, puts } = await mediansByTurns(times, {
      run: () => timeOf(async () => (await pawl.start(flows[shape], null)).result()),
      ...(plain && { puts: () => plain.inGroups(levels[shape]) }),
    });
    if (puts !== undefined) floor[shape] = puts;
    return run;
  };
  for (const flow of Object.values(flows)) await (await pawl.start(flow, null)).result();
  const figures: GraphFigures = {
    chain1000: await measure('chain1000'),
    diamonds250: await measure('diamonds250'),
    fan1000: await measure('fan1000'),
    layered10000: await measure('layered10000'),
    parse10000: await medianOf(times, () => timeOf(async () => workflowOf(largeText))),
    ...(plain && { plain: floor }),
  };
  await plain?.close();
  if (isMemory) {
    await pawl.close();
    return figures;
  }
  const { id } = await pawl.start(suspended, null);
  for (;;) {
    if ((await pawl.getRun(id)).status === 'waiting') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await pawl.close();
  const again = await openPawl({ workflows, dataDir });
  const began = performance.now();
  await again.run(id).signal('go');
  await again.run(id).result();
  figures.resume10000 = performance.now() - began;
  await again.close();
  return figures;
}
