/**
 * From a text to a graph. Everything that is wrong is found at once: what can still be read after a problem is read, and
 * judged on its own.
 */

import { buildGraph } from './build.ts';
import { checkDetails } from './check/details.ts';
import { type DraftBody, type DraftGraph, type DraftTask, draftOf } from './check/draft.ts';
import { checkEnvironment, type GraphEnvironment } from './check/environment.ts';
import { checkExpressions } from './check/expressions.ts';
import { resolveNames } from './check/names.ts';
import { checkNever } from './check/never.ts';
import { inOrder } from './check/order.ts';
import type { Graph } from './definition.ts';
import { graphShape } from './language/graph-language.ts';
import type { Reader } from './language/shape.ts';
import { createProblems, type GraphProblem, graphFault, type Problems } from './problems.ts';
import { positionsOf } from './source/positions.ts';
import { formatOf, type GraphFormat, readSource } from './source/source.ts';

export interface ParseOptions {
  /** As it is called in problems. */
  file: string;
  /** Default: by the file's ending. */
  format?: GraphFormat;
  /** What the graph is to run on. Default: not looked at. */
  environment?: GraphEnvironment;
}

export interface ParsedGraph {
  graph: Graph;
  /** What a deployment cannot do of it; empty if it can do all. */
  problemsIn(environment: GraphEnvironment): GraphProblem[];
}

/** Either the graph, or all that is wrong with it, sorted by place. */
export function parseGraph(text: string, options: ParseOptions): ParsedGraph | { problems: GraphProblem[] } {
  const { file, format = formatOf(file), environment } = options;
  const positions = positionsOf(text);
  const problems = createProblems(file, positions);
  const reader: Reader = { text, positions, problems, expressions: new Map() };
  const draft = readDraft(text, format, reader);
  if (draft && environment) checkEnvironment(draft, environment, reader);
  const found = problems.list();
  if (draft === undefined || found.length > 0) return { problems: found };
  return {
    graph: buildGraph(draft, reader),
    problemsIn(offered) {
      const own: Problems = createProblems(file, positions);
      checkEnvironment(draft, offered, { ...reader, problems: own });
      return own.list();
    },
  };
}

/** The graph. Throws `Fault` invalid_input with all problems. */
export function loadGraph(text: string, options: ParseOptions): Graph {
  const parsed = parseGraph(text, options);
  if ('problems' in parsed) throw graphFault(options.file, parsed.problems);
  return parsed.graph;
}

function readDraft(text: string, format: GraphFormat, reader: Reader): DraftGraph | undefined {
  const node = readSource(text, format, reader.problems);
  const read = node && graphShape.read(node, undefined, reader);
  const draft = read && draftOf(read, reader);
  if (draft === undefined) return undefined;
  resolveNames(draft, reader);
  const orders = new Map<DraftBody, DraftTask[]>();
  for (const body of bodiesOf(draft)) {
    const order = inOrder(body, reader);
    orders.set(body, order);
    checkNever(order, reader);
  }
  checkDetails(draft, reader);
  checkExpressions(draft, orders, reader);
  return draft;
}

function bodiesOf({ body, all }: DraftGraph): DraftBody[] {
  return [body, ...all.flatMap(({ inner }) => inner ?? [])];
}
