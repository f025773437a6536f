import type { Body, Graph, GraphTask, Template } from '../definition.ts';

/** What there is to draw of a body, whatever it is drawn with. */
export interface Picture {
  boxes: Box[];
  arrows: Arrow[];
}

export interface Box {
  id: string;
  type: GraphTask['type'];
  /** What it is, in a few words. */
  detail: string;
  /** Of a container. */
  inner: Picture | undefined;
}

export interface Arrow {
  from: string;
  to: string;
  /** Undefined: it depends on it. */
  label: string | undefined;
  /** Taken only after an error. */
  byError: boolean;
}

export function pictureOf({ body }: Graph): Picture {
  return picture(body);
}

function picture({ tasks }: Body): Picture {
  return { boxes: tasks.map(boxOf), arrows: tasks.flatMap(arrowsOf) };
}

function boxOf(task: GraphTask): Box {
  const { id, type } = task;
  return { id, type, detail: shortened(detailOf(task), 32), inner: 'body' in task ? picture(task.body) : undefined };
}

function detailOf(task: GraphTask): string {
  switch (task.type) {
    case 'executor': {
      const { target } = task;
      if (target.kind === 'handler') return target.handler;
      if (target.kind === 'http') return `${target.method} ${inWords(target.url)}`;
      return target.kind === 'lambda' ? `lambda ${target.function}` : `queue ${target.queue}`;
    }
    case 'map':
      return `for each of ${inWords(task.items)}`;
    case 'sub_workflow':
      return task.workflowVersion === undefined ? task.workflow : `${task.workflow} v${task.workflowVersion}`;
    case 'wait':
      if (task.for.kind === 'duration') return `${task.for.ms} ms`;
      if (task.for.kind === 'until') return `until ${new Date(task.for.at).toISOString()}`;
      return task.for.expression.source.trim();
    case 'signal':
      return inWords(task.signal);
    case 'transform':
      return inWords(task.output);
    case 'fail':
      return task.error;
    default:
      return '';
  }
}

function inWords(template: Template): string {
  if (template.kind === 'expression') return template.expression.source.trim();
  if (template.kind === 'literal')
    return typeof template.value === 'string' ? template.value : JSON.stringify(template.value);
  return template.kind === 'list' ? '[…]' : '{…}';
}

/** Arrows to this task, and those of its choices. */
function arrowsOf(task: GraphTask): Arrow[] {
  const arrows = task.dependsOn.map((from): Arrow => ({ from, to: task.id, label: undefined, byError: false }));
  if (task.type === 'condition') {
    for (const { when, then } of task.cases) arrows.push(...choice(task.id, then, when.source.trim(), false));
    arrows.push(...choice(task.id, task.otherwise, 'otherwise', false));
  }
  if ('catch' in task) {
    for (const { error, then } of task.catch) {
      arrows.push(...choice(task.id, [then], error === '*' ? 'any error' : error, true));
    }
  }
  return arrows;
}

function choice(from: string, targets: string[], label: string, byError: boolean): Arrow[] {
  return targets.map((to) => ({ from, to, label: shortened(label, 40), byError }));
}

function shortened(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
