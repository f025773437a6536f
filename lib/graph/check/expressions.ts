import { type Analysis, analyse, givenVariables, type Mention } from '../expressions/analyse.ts';
import { functionNames, isFunctionName } from '../expressions/functions.ts';
import { parseExpressions } from '../expressions/parse.ts';
import { didYouMean } from '../language/object.ts';
import type { Reader } from '../language/shape.ts';
import { textOffset } from '../source/text-offset.ts';
import { answer, type Question } from './ancestors.ts';
import type { DraftBody, DraftGraph, DraftTask } from './draft.ts';
import { judge, tooEarly } from './scope.ts';
import { type Slot, slotsOf } from './slots.ts';

const taskFields = ['output', 'error', 'status'];
const runFields = ['id', 'workflow', 'version', 'createdAt', 'correlationId'];

/** Checks all expressions: that they parse, and that what they name is there. */
export function checkExpressions(graph: DraftGraph, orders: ReadonlyMap<DraftBody, DraftTask[]>, reader: Reader): void {
  const slots = slotsOf(graph);
  const parsed = parseExpressions(slots.map(({ expression }) => expression.source));
  const asked: { question: Question; mention: Mention; slot: Slot }[] = [];

  for (const [index, slot] of slots.entries()) {
    const result = parsed[index];
    if (result === undefined) continue;
    const complain = complainer(slot, reader);
    if ('problem' in result) {
      complain(result.problem.position, `the expression does not parse: ${result.problem.message}`);
      continue;
    }
    const analysis = analyse(result.ast);
    for (const { position, message, hint } of analysis.problems) complain(position, message, hint);
    checkVariables(analysis, slot, complain);
    for (const mention of analysis.tasks) {
      const { field } = mention;
      if (field && !taskFields.includes(field.name)) {
        const hint = didYouMean(field.name, taskFields) ?? `there are ${taskFields.join(', ')}`;
        complain(field.position, `"${field.name}" is nothing that a task has`, hint);
      }
      const verdict = judge(mention, slot, graph, !reader.problems.isFull());
      if (verdict === 'fine') continue;
      if ('message' in verdict) complain(mention.position, verdict.message, verdict.hint);
      else asked.push({ question: verdict, mention, slot });
    }
  }
  checkOrder(asked, orders, reader);
}

type Complain = (position: number, message: string, hint?: string) => void;

/** `position` is one in the expression. */
function complainer({ expression }: Slot, reader: Reader): Complain {
  return (position, message, hint) => {
    const place = reader.expressions.get(expression);
    if (place)
      reader.problems.add(textOffset(place.node, reader.text, expression.source, position), place.path, message, hint);
  };
}

function checkVariables({ variables, runFields: named }: Analysis, slot: Slot, complain: Complain): void {
  const isInMap = mapsAround(slot).length > 0;
  const given = givenVariables.filter((name) => {
    if (name === 'item' || name === 'index') return isInMap;
    return name !== 'result' || (slot.task !== undefined && slot.after);
  });
  for (const { name, position } of variables) {
    if (isFunctionName(name) || given.some((known) => known === name)) continue;
    complain(position, `there is no $${name} here`, hintFor(name, given));
  }
  for (const { name, position } of named) {
    if (runFields.includes(name)) continue;
    const hint = didYouMean(name, runFields) ?? `there are ${runFields.join(', ')}`;
    complain(position, `"${name}" is nothing that $run has`, hint);
  }
}

function hintFor(name: string, given: string[]): string | undefined {
  if (name === 'item' || name === 'index') return 'only tasks inside of a map have it';
  if (name === 'result') return 'only "output" and "compensate" have it, of tasks that have a result';
  if (name === 'eval') return 'expressions cannot make expressions';
  return didYouMean(name, [...given, ...functionNames])
    ?.replace('"', '$')
    .replace('"', '');
}

/** An expression of a map itself is evaluated outside of it. */
function mapsAround({ task }: Slot): DraftTask[] {
  const maps: DraftTask[] = [];
  for (let owner = task?.body.owner; owner; owner = owner.body.owner) if (owner.type === 'map') maps.push(owner);
  return maps;
}

/** Tasks in or behind a cycle are judged by what is wrong with them already. */
function checkOrder(
  asked: { question: Question; mention: Mention; slot: Slot }[],
  orders: ReadonlyMap<DraftBody, DraftTask[]>,
  reader: Reader,
): void {
  const byBody = new Map<DraftBody, typeof asked>();
  for (const each of asked) {
    const { body } = each.question.later;
    const same = byBody.get(body);
    if (same) same.push(each);
    else byBody.set(body, [each]);
  }
  for (const [body, all] of byBody) {
    const order = orders.get(body) ?? [];
    if (order.length < body.tasks.length) continue;
    const answers = answer(
      all.map(({ question }) => question),
      order,
    );
    for (const [index, { question, mention, slot }] of all.entries()) {
      if (answers[index]) continue;
      const { message, hint } = tooEarly(mention, question.earlier, question.later);
      complainer(slot, reader)(mention.position, message, hint);
    }
  }
}
