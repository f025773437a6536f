import { Fault, type Problem } from '../kernel/faults.ts';
import { graphLimits } from './limits.ts';
import { inWords, type Path } from './source/path.ts';
import type { Positions } from './source/positions.ts';

/** One thing that is wrong with a graph. Line and column count from 1; `path` is like `tasks[2].retry`, empty for the whole. */
export interface GraphProblem extends Problem {
  file: string;
  line: number;
  column: number;
  hint?: string;
}

/** Gathers what is wrong, in any order. */
export interface Problems {
  /** `offset` is a place in the text. */
  add(offset: number, path: Path | undefined, message: string, hint?: string | undefined): void;
  /** There are more than are shown: what helps with further ones, and costs time, can be left out. */
  isFull(): boolean;
  /** Sorted by place, each said once; not more than the limit, then a last one that counts the rest. */
  list(): GraphProblem[];
}

export function createProblems(file: string, positions: Positions): Problems {
  const found = new Map<string, GraphProblem & { offset: number }>();
  return {
    add(offset, path, message, hint) {
      const key = `${offset} ${message}`;
      if (found.has(key)) return;
      const { line, column } = positions.at(offset);
      const problem = { file, line, column, path: inWords(path), message, offset };
      found.set(key, hint === undefined ? problem : { ...problem, hint });
    },
    isFull: () => found.size > graphLimits.problems,
    list() {
      const sorted = [...found.values()]
        .sort((a, b) => a.offset - b.offset)
        .map(({ offset: _, ...problem }) => problem);
      const shown = sorted.slice(0, graphLimits.problems);
      const last = shown.at(-1);
      const more = sorted.length - shown.length;
      if (last && more > 0) {
        const message = `and ${more} more problem${more === 1 ? '' : 's'}, not shown (limit problems)`;
        shown.push({ file, line: last.line, column: last.column, path: '', message });
      }
      return shown;
    },
  };
}

/** `orders.yaml:4:9 tasks[1].type: … (hint)`, as people read it. */
export function problemLine({ file, line, column, path, message, hint }: GraphProblem): string {
  const what = path === '' ? message : `${path}: ${message}`;
  return `${file}:${line}:${column} ${what}${hint === undefined ? '' : ` (${hint})`}`;
}

/** A `Fault` invalid_input that says all of them. */
export function graphFault(file: string, problems: GraphProblem[]): Fault {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new Fault('invalid_input', `${file} has ${count}:\n${problems.map(problemLine).join('\n')}`, {
    problems: problems.map(({ path, message, line, column, hint }) => ({
      path,
      message: `line ${line}, column ${column}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    })),
  });
}
