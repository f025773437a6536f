import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Fault, type Problem } from '../kernel/faults.ts';

/** Any schema of a library that follows https://standardschema.dev: zod, valibot, arktype, … */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** The value as the schema gives it. Throws `Fault` invalid_input with the path of each problem. */
export function parseWith<Output>(schema: Schema<unknown, Output>, value: unknown, what: string): Output {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw new Fault(
      'invalid_input',
      `The schema of ${what} validates asynchronously, which a workflow cannot: use one without async checks`,
    );
  }
  if (!result.issues) return result.value;
  const problems = result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
  throw new Fault('invalid_input', `${what} does not fit its schema: ${problems.map(inWords).join('; ')}`, {
    problems,
  });
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  let path = '';
  for (const part of issue.path ?? []) {
    const key = typeof part === 'object' ? part.key : part;
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}

function inWords({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}
