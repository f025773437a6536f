import type * as z from 'zod';
import type { Problem } from '../kernel/faults.ts';
import { invalidInput } from './problems.ts';

/** The value as the schema gives it, or a fault that says what is wrong where. `what`: 'The body', 'The query', … */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf);
  throw invalidInput(`${what} does not fit: ${problems.map(inWords).join('; ')}`, problems);
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: written([...issue.path, key]), message: 'is not known here' }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.path.length > 0 && issue.input === undefined;
  return [{ path: written(issue.path), message: isMissing ? 'is missing' : issue.message }];
}

/** Like `items[2].price`. */
function written(path: readonly PropertyKey[]): string {
  return path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${part}]`;
    return before === '' ? String(part) : `${before}.${String(part)}`;
  }, '');
}

function inWords({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}
