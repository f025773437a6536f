import type { Json } from '../definition.ts';
import { performContainer, performMap } from './containers.ts';
import { performExecutor } from './executor-task.ts';
import type { GraphRun } from './host.ts';
import type { BodyHost, TaskPlace } from './place.ts';
import type { PlannedBody, PlannedTask } from './plan.ts';
import { performSignal, performSubWorkflow, performWait } from './waits.ts';

/** Does what a task of any type does; rejects with its error. What ends a body is the body's own to do. */
export async function performTask(
  run: GraphRun,
  host: BodyHost,
  { task, body }: PlannedTask,
  place: TaskPlace,
  soon: () => void,
): Promise<Json> {
  switch (task.type) {
    case 'executor':
      return performExecutor(run, task, place);
    case 'sub_workflow':
      return performSubWorkflow(run, task, place);
    case 'wait':
      return performWait(run, task, place);
    case 'signal':
      return performSignal(run, task, place);
    case 'parallel':
    case 'sequential':
      return performContainer(run, host, task, body as PlannedBody, place, soon);
    case 'map':
      return performMap(run, host, task, body as PlannedBody, place, soon);
    case 'condition':
      for (const { when, then: chosen } of task.cases) {
        if (await run.holds(when, { place, task: task.id })) return chosen;
      }
      return task.otherwise;
    case 'transform':
      return (await run.evaluate(task.output, { place, task: task.id })) ?? null;
    case 'fail':
    case 'succeed':
      throw new Error(`A ${task.type} is not performed`);
  }
}
