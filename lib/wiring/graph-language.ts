import type { Graph, Json } from '../graph/definition.ts';
import type { Executors } from '../graph/executors/executors.ts';
import { createHttpExecutor } from '../graph/executors/http.ts';
import { type ParseOptions, parseGraph } from '../graph/parse-graph.ts';
import { createProblems, type GraphProblem } from '../graph/problems.ts';
import { positionsOf } from '../graph/source/positions.ts';
import { readSource, toJson } from '../graph/source/source.ts';
import { type GraphWorkflow, graphWorkflow } from '../graph/workflow.ts';
import { Fault, type FaultCode } from '../kernel/faults.ts';
import type { Outline, ReadWorkflow, WorkflowSource } from '../service/registry/language.ts';
import type { GraphExecutors, GraphOffer } from './graphs.ts';

/** As it is called where nobody has said its name. */
const file = 'workflow';

export function readWorkflow(source: WorkflowSource, offer: GraphOffer): ReadWorkflow {
  const parsed = parseGraph(source.text, { file, format: source.format, environment: environmentOf(offer) });
  if ('problems' in parsed) throw problemsFault('The workflow', parsed.problems);
  const { name, description } = parsed.graph;
  const { version, ...content } = contentOf(source) as { [key: string]: Json };
  return { name, version: typeof version === 'number' ? version : undefined, content, description };
}

export function buildWorkflow(source: WorkflowSource, version: number, offer: GraphOffer): GraphWorkflow {
  const parsed = parseGraph(source.text, { file, format: source.format });
  // Whoever starts a run cannot help it that its workflow cannot be used: the request is right.
  if ('problems' in parsed) throw problemsFault(`Version ${version}`, parsed.problems, 'conflict');
  const missing = parsed.problemsIn(environmentOf(offer));
  const name = `Version ${version} of ${parsed.graph.name}`;
  if (missing.length > 0) throw problemsFault(name, missing, 'conflict');
  const { handlers, executors } = offer;
  return graphWorkflow({ ...parsed.graph, version }, { handlers, executors: executorsOf(executors) });
}

/** What the text says, whatever the deployment offers. Throws `Fault` invalid_input with all problems. */
export function parseSource({ text, format }: WorkflowSource): Graph {
  const parsed = parseGraph(text, { file, format });
  if ('problems' in parsed) throw problemsFault('The workflow', parsed.problems);
  return parsed.graph;
}

export function outline(source: WorkflowSource): Outline {
  const content = contentOf(source);
  const tasks = new Map<string, Json>();
  collectTasks(content, tasks);
  return { content, tasks };
}

function environmentOf({ handlers, executors }: GraphOffer): NonNullable<ParseOptions['environment']> {
  const { http, lambda, queue } = executors;
  const hosts = [...(http?.allow ?? []), ...(http?.allowPrivate ?? [])];
  return {
    handlers: [...handlers.keys()],
    executors: {
      http: http !== undefined && hosts.length > 0 ? http : false,
      lambda: lambda !== undefined,
      queue: queue !== undefined,
    },
  };
}

function executorsOf({ http, lambda, queue }: GraphExecutors): Executors {
  return {
    ...(http !== undefined && { http: createHttpExecutor(http) }),
    ...(lambda !== undefined && { lambda }),
    ...(queue !== undefined && { queue }),
  };
}

function contentOf({ text, format }: WorkflowSource): Json | undefined {
  const node = readSource(text, format, createProblems(file, positionsOf(text)));
  return node && toJson(node);
}

/** A task without the tasks in it, which are there under their own ids. */
function collectTasks(value: Json | undefined, found: Map<string, Json>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Array.isArray(value.tasks)) return;
  for (const task of value.tasks) {
    if (typeof task !== 'object' || task === null || Array.isArray(task) || typeof task.id !== 'string') continue;
    const { tasks, ...own } = task;
    found.set(task.id, own);
    collectTasks(task, found);
  }
}

/** In words the first ones; all of them as data. */
const inWords = 5;

function problemsFault(what: string, problems: GraphProblem[], code: FaultCode = 'invalid_input'): Fault {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const first = problems.slice(0, inWords).map(({ line, column, path, message }) => {
    const where = `line ${line}, column ${column}`;
    return path === '' ? `${where}: ${message}` : `${where}: ${path}: ${message}`;
  });
  const more = problems.length > inWords ? '; …' : '';
  return new Fault(code, `${what} has ${count}: ${first.join('; ')}${more}`, {
    problems: problems.map(({ file: _file, ...problem }) => problem),
  });
}
