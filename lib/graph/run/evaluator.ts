import type { Operations } from '../../kernel/operations.ts';
import { toFraction } from '../../workflow/derived.ts';
import type { Expression, Json, Template } from '../definition.ts';
import { type Bindings, compileExpression, type TaskView } from '../expressions/compile.ts';
import { errorValue } from './error-value.ts';
import type { Asking, GraphRun } from './host.ts';
import type { Values } from './place.ts';
import { valueError } from './run-errors.ts';

/**
 * Expressions of one run. What they give follows from the input, from what has ended before, and from the run's own time
 * and chance: the same in every replay, and in every attempt of a step.
 */
export function createEvaluator(operations: Operations, input: Json): Pick<GraphRun, 'evaluate' | 'holds'> {
  const { id, workflow, version, createdAt, correlationId } = operations.run;
  const run = {
    id,
    workflow,
    version,
    createdAt: new Date(createdAt).toISOString(),
    ...(correlationId !== undefined && { correlationId }),
  };

  function bindingsOf(expression: Expression, { place, task, now, result }: Asking): Bindings {
    const round = roundOf(place.values);
    let draws = 0;
    return {
      input,
      run,
      task: (name) => viewOf(place.values, name),
      now: () => now ?? operations.now(),
      random() {
        draws += 1;
        const where = task === undefined ? '' : place.scope.key(task);
        return toFraction(operations.derive(`random:${where}:${expression.place.path}#${draws}`));
      },
      ...round,
      ...(result !== undefined && { result: result.value }),
    };
  }

  function compute(expression: Expression, asking: Asking): Promise<Json | undefined> {
    return compileExpression(expression, asking.task).evaluate(bindingsOf(expression, asking));
  }

  async function evaluate(template: Template, asking: Asking): Promise<Json | undefined> {
    switch (template.kind) {
      case 'literal':
        return template.value;
      case 'expression':
        return compute(template.expression, asking);
      case 'list': {
        const items: Json[] = [];
        for (const item of template.items) items.push((await evaluate(item, asking)) ?? null);
        return items;
      }
      case 'object': {
        const fields: { [key: string]: Json } = {};
        for (const { name, value } of template.fields) {
          const field = await evaluate(value, asking);
          if (field !== undefined) fields[name] = field;
        }
        return fields;
      }
    }
  }

  return {
    evaluate,
    async holds(condition, asking) {
      const value = await compute(condition, asking);
      if (typeof value === 'boolean') return value;
      if (value === undefined || value === null) return false;
      throw valueError(`The condition {% ${condition.source.trim()} %}`, value, 'true or false');
    },
  };
}

/** What the nearest map is at. */
function roundOf(values: Values): Values['round'] {
  for (let at: Values | undefined = values; at; at = at.outer) if (at.round) return at.round;
  return undefined;
}

function viewOf(values: Values, id: string): TaskView | undefined {
  for (let at: Values | undefined = values; at; at = at.outer) {
    const outcome = at.outcomeOf(id);
    if (outcome === undefined) continue;
    switch (outcome.status) {
      case 'completed':
        return { status: 'completed', output: outcome.output };
      case 'failed':
        return { status: 'failed', error: errorValue(outcome.error) };
      case 'skipped':
        return { status: 'skipped' };
    }
  }
  return undefined;
}
