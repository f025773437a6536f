import type { Body, Graph, GraphTask } from '../definition.ts';

/**
 * A graph made ready to be run: what waits for what, by number instead of by id. Made once for a graph, whatever the
 * number of its runs and of the rounds of its maps.
 */
export interface PlannedBody {
  tasks: PlannedTask[];
  /** Where in `tasks` each id is. */
  numbers: ReadonlyMap<string, number>;
  /** Of ids inside of its containers, the number of the container. What is inside of a map is not named from outside. */
  owners: ReadonlyMap<string, number>;
  /** Numbers of `Body.last`. */
  last: number[];
  /** Of a `sequential`. */
  isSequence: boolean;
  /** How many tasks can run although something failed (`all_done`, `any_succeeded`). */
  tolerant: number;
}

export interface PlannedTask {
  task: GraphTask;
  /** Its place in the order of the file, counted through the whole graph. */
  order: number;
  /**
   * Numbers, in its body, of what its join rule looks at, of who may choose it, and of who waits for it. Who may choose it
   * takes no part in the rule.
   */
  dependsOn: number[];
  chosenBy: number[];
  dependents: number[];
  /** How many different tasks it waits for. */
  waitsFor: number;
  /** Of a container. */
  body: PlannedBody | undefined;
  /** The tasks of its body that it may choose, by id. */
  targets: ReadonlyMap<string, number>;
}

const noTargets: ReadonlyMap<string, number> = new Map();

export function planGraph({ body }: Graph): PlannedBody {
  let order = 0;

  function planBody({ tasks, last }: Body, isSequence: boolean): PlannedBody {
    const numbers = new Map(tasks.map(({ id }, number) => [id, number]));
    const numberOf = (id: string) => numbers.get(id) as number;
    const planned = tasks.map((task): PlannedTask => {
      order += 1;
      return {
        task,
        order,
        dependsOn: task.dependsOn.filter((id) => !task.chosenBy.includes(id)).map(numberOf),
        chosenBy: task.chosenBy.map(numberOf),
        dependents: [],
        waitsFor: 0,
        body: 'body' in task ? planBody(task.body, task.type === 'sequential') : undefined,
        targets: targetsOf(task, numberOf),
      };
    });
    for (const [number, task] of planned.entries()) {
      const awaited = new Set([...task.dependsOn, ...task.chosenBy]);
      task.waitsFor = awaited.size;
      for (const other of awaited) planned[other]?.dependents.push(number);
    }
    const owners = ownersIn(planned);
    return {
      tasks: planned,
      numbers,
      owners,
      last: last.map(numberOf),
      isSequence,
      tolerant: planned.filter(isTolerant).length,
    };
  }

  return planBody(body, false);
}

function ownersIn(tasks: PlannedTask[]): Map<string, number> {
  const owners = new Map<string, number>();
  for (const [number, { task, body }] of tasks.entries()) {
    if (!body || task.type === 'map') continue;
    for (const id of [...body.numbers.keys(), ...body.owners.keys()]) owners.set(id, number);
  }
  return owners;
}

export function isTolerant({ task }: PlannedTask): boolean {
  return task.join === 'all_done' || task.join === 'any_succeeded';
}

function targetsOf(task: GraphTask, numberOf: (id: string) => number): ReadonlyMap<string, number> {
  const ids = task.type === 'condition' ? [...task.cases.flatMap((each) => each.then), ...task.otherwise] : [];
  if ('catch' in task) ids.push(...task.catch.map(({ then }) => then));
  return ids.length === 0 ? noTargets : new Map(ids.map((id) => [id, numberOf(id)]));
}
