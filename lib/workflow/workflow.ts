import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Definition, Durability } from '../kernel/definition.ts';
import { Fault } from '../kernel/faults.ts';
import type { Context } from './context.ts';
import { type Duration, toMs } from './duration.ts';
import { runInContext } from './run-in-context.ts';
import { parseWith } from './schema.ts';
import type { Stored } from './stored.ts';

/** A workflow, typed by what it takes and gives. */
export interface Workflow<Input = unknown, Output = unknown> extends Definition {
  readonly schemas: { input?: StandardSchemaV1 | undefined; output?: StandardSchemaV1 | undefined };
  /** Types only; there is no such property. */
  readonly '~types'?: { input: Input; output: Output };
}

/** What a start takes beside the workflow: the input may be left out where there is none. */
export type InputAnd<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

export interface WorkflowOptions {
  /** Letters, digits, `.`, `_`, `-`; up to 128. */
  name: string;
  /** Default 1. A run keeps the version it began with. */
  version?: number;
  /** From creation to the run's deadline. Default 7 days. */
  timeout?: Duration;
  /** How long a settled run is kept. Default 30 days. */
  retention?: Duration;
  /**
   * `each` (default): a step's outcome is durable before the next step. `relaxed`: outcomes may wait up to 500 ms, for
   * steps that may be repeated. `none`: nothing is written until the run waits or ends.
   */
  durability?: Durability;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const defaultTimeout = '7d';
const defaultRetention = '30d';

export function workflow<InputSchema extends StandardSchemaV1, OutputSchema extends StandardSchemaV1>(
  options: WorkflowOptions & { input: InputSchema; output: OutputSchema },
  run: (
    ctx: Context,
    input: StandardSchemaV1.InferOutput<InputSchema>,
  ) => Promise<StandardSchemaV1.InferInput<OutputSchema>>,
): Workflow<StandardSchemaV1.InferInput<InputSchema>, Stored<StandardSchemaV1.InferOutput<OutputSchema>>>;
export function workflow<InputSchema extends StandardSchemaV1, Output>(
  options: WorkflowOptions & { input: InputSchema; output?: undefined },
  run: (ctx: Context, input: StandardSchemaV1.InferOutput<InputSchema>) => Promise<Output>,
): Workflow<StandardSchemaV1.InferInput<InputSchema>, Stored<Output>>;
export function workflow<Input, OutputSchema extends StandardSchemaV1>(
  options: WorkflowOptions & { input?: undefined; output: OutputSchema },
  run: (ctx: Context, input: Input) => Promise<StandardSchemaV1.InferInput<OutputSchema>>,
): Workflow<Input, Stored<StandardSchemaV1.InferOutput<OutputSchema>>>;
export function workflow<Input, Output>(
  options: WorkflowOptions & { input?: undefined; output?: undefined },
  run: (ctx: Context, input: Input) => Promise<Output>,
): Workflow<Input, Stored<Output>>;
export function workflow(
  options: WorkflowOptions & { input?: StandardSchemaV1 | undefined; output?: StandardSchemaV1 | undefined },
  run: (ctx: Context, input: never) => Promise<unknown>,
): Workflow {
  const { name, version = 1, input: inputSchema, output: outputSchema } = options;
  if (!namePattern.test(name)) {
    throw new Fault(
      'invalid_input',
      `'${name}' cannot name a workflow: letters, digits, '.', '_' and '-', up to 128, the first a letter or digit`,
    );
  }
  if (!Number.isInteger(version) || version < 1) {
    throw new Fault('invalid_input', `Workflow ${name}: version ${version} is not a whole number from 1`);
  }
  return {
    name,
    version,
    durability: options.durability ?? 'each',
    timeoutMs: toMs(options.timeout ?? defaultTimeout, `Workflow ${name}, timeout`),
    retentionMs: toMs(options.retention ?? defaultRetention, `Workflow ${name}, retention`),
    schemas: { input: inputSchema, output: outputSchema },
    parseInput: (input) => (inputSchema ? parseWith(inputSchema, input, `The input of ${name}`) : input),
    run: (operations, input) =>
      runInContext(operations, async (context) => {
        const output = await run(context, input as never);
        return outputSchema ? parseWith(outputSchema, output, `The output of ${name}`) : output;
      }),
  };
}

/** Whether a value, say an export of a module, is a workflow. */
export function isWorkflow(value: unknown): value is Workflow {
  const { name, version, run, parseInput } = (value ?? {}) as Partial<Workflow>;
  return (
    typeof name === 'string' &&
    typeof version === 'number' &&
    typeof run === 'function' &&
    typeof parseInput === 'function'
  );
}
