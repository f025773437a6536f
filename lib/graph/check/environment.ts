import { createHostRules, type HostLists } from '../executors/hosts.ts';
import { didYouMean } from '../language/object.ts';
import type { Name, Reader } from '../language/shape.ts';
import type { TaskRead } from '../language/tasks.ts';
import { quoted } from '../source/nodes.ts';
import { at, type Path } from '../source/path.ts';
import { standIn } from '../stand-in.ts';
import type { DraftGraph, DraftTask } from './draft.ts';
import { nameIn, targetIn } from './slots.ts';

/** What a deployment offers to graphs. */
export interface GraphEnvironment {
  /** The names of the handlers that are registered. */
  handlers: readonly string[];
  executors: {
    /** To which hosts; `true`: to any. */
    http: boolean | HostLists;
    lambda: boolean;
    queue: boolean;
  };
  /** Undefined: not looked at. */
  workflows?: readonly { name: string; versions: readonly number[] }[];
}

/** Complains of what the deployment cannot do. A handler may stand in for what it does not offer: see `stand-in.ts`. */
export function checkEnvironment({ all, read }: DraftGraph, environment: GraphEnvironment, reader: Reader): void {
  const own = read.values.name;
  for (const task of all) {
    if (task.type === 'executor' || task.type === undefined) checkTarget(task, task.read.values, environment, reader);
    const compensate = task.read.values.compensate as TaskRead | undefined;
    if (compensate) checkTarget(task, compensate.values, environment, reader);
    if (task.type === 'sub_workflow') checkWorkflow(task, own, environment, reader);
  }
}

function checkTarget(
  task: DraftTask,
  values: Record<string, unknown>,
  { handlers, executors }: GraphEnvironment,
  reader: Reader,
): void {
  const id = task.id?.text ?? '';
  const has = (name: string) => handlers.includes(name);
  const isFull = reader.problems.isFull();
  const missing = (what: string, kind: string, place: { offset: number; path: Path | undefined }, handler: string) => {
    const hint = `register a handler named "${handler}" to stand in for it`;
    reader.problems.add(place.offset, place.path, `${what}: this deployment offers no ${kind}`, hint);
  };
  const handler = nameIn(values, 'handler');
  if (handler && !has(handler.text)) {
    const hint = isFull ? undefined : (didYouMean(handler.text, handlers) ?? exported(handlers));
    reader.problems.add(handler.offset, handler.path, `there is no handler ${quoted(handler.text)}`, hint);
  }
  const lambda = nameIn(values, 'lambda');
  if (lambda && !executors.lambda) {
    const name = standIn({ kind: 'lambda', function: lambda.text }, id);
    if (!has(name)) missing(`the function ${quoted(lambda.text)}`, 'Lambda functions', lambda, name);
  }
  const queue = nameIn(values, 'queue');
  if (queue && !executors.queue) {
    const name = standIn({ kind: 'queue', queue: queue.text }, id);
    if (!has(name)) missing(`the queue ${quoted(queue.text)}`, 'queues', queue, name);
  }
  const http = targetIn(values);
  if (!http || has(id)) return;
  const place = { offset: http.node.start, path: http.path };
  if (executors.http === false) missing('an HTTP call', 'HTTP calls', place, id);
  else if (executors.http !== true) checkHost(http, executors.http, reader);
}

function exported(handlers: readonly string[]): string {
  return handlers.length === 0
    ? 'export it from the workflows entry: handlers({ … })'
    : `there are ${handlers.slice(0, 10).join(', ')}${handlers.length > 10 ? ', …' : ''}`;
}

function checkHost(http: NonNullable<ReturnType<typeof targetIn>>, lists: HostLists, reader: Reader): void {
  const { url } = http.values;
  if (url?.kind !== 'literal' || typeof url.value !== 'string' || !URL.canParse(url.value)) return;
  const target = new URL(url.value);
  if (createHostRules(lists)(target) !== undefined) return;
  const entry = http.node.entries.find(({ name }) => name === 'url');
  const allowed = [...(lists.allow ?? []), ...(lists.allowPrivate ?? [])];
  const hint = allowed.length === 0 ? 'no host is allowed' : `allowed are ${allowed.join(', ')}`;
  const message = `this deployment allows no HTTP calls to ${target.host}`;
  reader.problems.add(entry?.value.start ?? http.node.start, at(http.path, 'url'), message, hint);
}

function checkWorkflow(task: DraftTask, own: string | undefined, environment: GraphEnvironment, reader: Reader): void {
  const { workflows } = environment;
  const name = nameIn(task.read.values, 'workflow') as Name | undefined;
  if (!workflows || !name || name.text === own) return;
  const known = workflows.find((each) => each.name === name.text);
  if (known === undefined) {
    const names = workflows.map((each) => each.name);
    const message = `there is no workflow ${quoted(name.text)}`;
    reader.problems.add(name.offset, name.path, message, didYouMean(name.text, names));
    return;
  }
  const version = task.read.values.version as number | undefined;
  if (version === undefined || known.versions.includes(version)) return;
  const entry = task.read.node.entries.find((each) => each.name === 'version');
  const message = `the workflow "${name.text}" has no version ${version}`;
  const hint = `there are ${known.versions.join(', ')}`;
  reader.problems.add(entry?.value.start ?? name.offset, at(task.read.path, 'version'), message, hint);
}
