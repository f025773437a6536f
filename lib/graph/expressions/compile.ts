/**
 * Compiles expressions and evaluates them: deterministic, bounded, and away from everything but what is bound.
 *
 * Invariants:
 *  1. An evaluation takes microtasks alone, so that a program at rest has no evaluation under way.
 *  2. It is cut off by counting (`meter.ts`), never by a clock.
 *  3. It sees copies, and gives plain JSON.
 */
import jsonata from 'jsonata';
import type { Expression, Json } from '../definition.ts';
import { graphLimits } from '../limits.ts';
import { type Analysis, analyse, type GivenVariable, givenVariables } from './analyse.ts';
import type { Ast } from './ast.ts';
import { ExpressionError } from './expression-error.ts';
import { type FunctionName, isFunctionName } from './functions.ts';
import { type Definition, meteredFunction, type Sources } from './library.ts';
import { createMeter, LimitCrossed, type Meter } from './meter.ts';
import { parseExpression } from './parse.ts';
import { copyIn, copyOut, NotPlain, type Projection, projectionOf } from './plain.ts';
import { regexEngine } from './regex-engine.ts';

/** What a task of the graph gives to expressions. */
export interface TaskView {
  status: 'completed' | 'failed' | 'skipped';
  output?: Json;
  error?: { name: string; message: string; details?: Json };
}

/** What an expression is evaluated over. What is undefined gives nothing. */
export interface Bindings extends Sources {
  input: Json;
  run: { id: string; workflow: string; version: number; createdAt: string; correlationId?: string };
  /** Asked for the tasks that the expression names. Undefined: the task gives nothing. */
  task(id: string): TaskView | undefined;
  item?: Json;
  index?: number;
  result?: Json;
}

export interface CompiledExpression {
  /** The tasks that it names. */
  tasks: string[];
  /** Undefined: it gives nothing. Throws an `ExpressionError`. */
  evaluate(bindings: Bindings): Promise<Json | undefined>;
}

interface Environment {
  base: Environment;
  lookup(name: string | symbol): unknown;
  bind(name: string, value: unknown): void;
  meter?: Meter;
  depth: number;
  timestamp: Date;
  RegexEngine: unknown;
}

/** What one evaluation needs, handed to the hooks below by the environment in which they run. */
interface Evaluation {
  meter: Meter;
  sources: Sources;
}

/** No expression can name this: it has no `$`, and the characters end a name. */
const evaluationName = '(evaluation)';

const compiled = new WeakMap<Expression, CompiledExpression>();

/** Throws an `ExpressionError` if it does not parse. `task` is the id of the task that it belongs to, for messages. */
export function compileExpression(expression: Expression, task?: string): CompiledExpression {
  const was = compiled.get(expression);
  if (was) return was;
  const result = compile(expression, task);
  compiled.set(expression, result);
  return result;
}

function compile(expression: Expression, task: string | undefined): CompiledExpression {
  const fail = (message: string, position: number, cause?: unknown): never => {
    throw new ExpressionError({ expression, task, message, position, cause });
  };
  const parsed = parseExpression(expression.source);
  if ('problem' in parsed) return fail(`it does not parse: ${parsed.problem.message}`, parsed.problem.position);
  const executable = jsonata(expression.source, {
    sequence: graphLimits.evaluationItems,
    RegexEngine: regexEngine(undefined),
  });
  const analysis = analyse(executable.ast() as Ast);
  const unknown = analysis.variables.find(({ name }) => !isGiven(name) && !isFunctionName(name));
  const [problem = unknown && { message: `there is no $${unknown.name}`, position: unknown.position }] =
    analysis.problems;
  if (problem) return fail(problem.message, problem.position);

  const functions = [...analysis.functions];
  if (analysis.hasTransform) functions.push('clone');
  if (functions.includes('now')) functions.push('fromMillis');
  installHooks(executable, analysis, [...new Set(functions)]);
  const projections = Object.fromEntries(
    givenVariables.map((name) => [name, projectionOf(analysis.reads[name])]),
  ) as Record<GivenVariable, Projection>;
  const named = [...new Set(analysis.tasks.map(({ name }) => name))];

  return {
    tasks: named,
    async evaluate(bindings) {
      const meter = createMeter(analysis.hasTransform);
      try {
        const variables: Record<string, unknown> = { [evaluationName]: { meter, sources: bindings } };
        for (const name of givenVariables) {
          if (analysis.reads[name].length === 0) continue;
          variables[name] = copyIn(bound(name, bindings, named), projections[name]);
          meter.weigh(variables[name]);
        }
        return copyOut(await executable.evaluate(undefined, variables));
      } catch (error) {
        const { message, position } = reasonOf(error);
        return fail(message, position, error);
      }
    },
  };
}

function isGiven(name: string): boolean {
  return givenVariables.some((given) => given === name);
}

function bound(name: GivenVariable, bindings: Bindings, tasks: string[]): Json | undefined {
  if (name !== 'tasks') return bindings[name] as Json | undefined;
  return Object.fromEntries(
    tasks.flatMap((id) => {
      const view = bindings.task(id);
      return view ? [[id, { ...view } as unknown as Json]] : [];
    }),
  );
}

/**
 * JSONata calls these for each part that it evaluates and for each frame of variables. They are bound to the compiled
 * expression; what belongs to one evaluation is found through the environment.
 */
function installHooks(executable: jsonata.Expression, analysis: Analysis, functions: FunctionName[]) {
  const assign = executable.assign as (name: string | symbol, value: unknown) => void;
  assign(Symbol.for('jsonata.__evaluate_entry'), (_node: Ast, _input: unknown, environment: Environment) => {
    const { base } = environment;
    if (base.meter === undefined) begin(base, functions);
    base.meter?.step();
    if (base.depth > graphLimits.evaluationDepth) {
      throw new LimitCrossed(`more than ${graphLimits.evaluationDepth} parts are under way (limit evaluationDepth)`);
    }
  });
  assign(
    Symbol.for('jsonata.__evaluate_exit'),
    (node: Ast, _input: unknown, environment: Environment, result: unknown) => {
      environment.base.meter?.weigh(result);
      // An object with a function in its field `then` would be taken for a promise, and never be ready.
      const only = Array.isArray(result) && result.length === 1 ? result[0] : result;
      if (typeof only === 'function' && analysis.fieldValues.has(node)) {
        throw new LimitCrossed('a function cannot be in a field of an object');
      }
    },
  );
  assign(Symbol.for('jsonata.__createFrame_push'), (_outer: Environment, frame: Environment) => {
    const { bind } = frame;
    frame.bind = (name, value) => bind(name, typeof value === 'function' ? asDefinition(value as never) : value);
  });
}

function begin(base: Environment, functions: FunctionName[]): void {
  const { meter, sources } = base.lookup(evaluationName) as Evaluation;
  base.meter = meter;
  base.RegexEngine = regexEngine(meter);
  base.timestamp = new Date(sources.now());
  for (const name of functions) base.bind(name, meteredFunction(name, base.lookup(name) as Definition, meter, sources));
}

/** A function as JSONata's objects for functions, so that no value of an expression is a function of JavaScript. */
function asDefinition(implementation: Definition['implementation'] & { arity?: number }): Definition {
  return { _jsonata_function: true, implementation, arity: implementation.arity ?? implementation.length };
}

function reasonOf(error: unknown): { message: string; position: number } {
  if (error instanceof LimitCrossed || error instanceof NotPlain) return { message: error.message, position: 0 };
  if (error instanceof RangeError) return { message: 'it grows too large or nests too deep', position: 0 };
  const { message, position } = (error ?? {}) as { message?: unknown; position?: unknown };
  return {
    message: typeof message === 'string' && message !== '' ? message : 'it failed',
    position: typeof position === 'number' ? position : 0,
  };
}
