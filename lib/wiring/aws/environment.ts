import * as z from 'zod';
import { Fault } from '../../kernel/faults.ts';
import { processVariables, type Variables } from '../environment.ts';
import { variableNames } from './names.ts';

/** Where a function finds what it works with. */
export interface AwsEnvironment {
  table: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
  bucket: string;
  deployment: string;
  driverTimeoutMs: number;
  indexShards: number;
  /** Default: nothing. */
  graphs?: GraphReach;
}

/** What tasks of graphs may use beside handlers. */
export interface GraphReach {
  /** Hosts on the public internet. */
  hosts: string[];
  /** ARNs. */
  functions: string[];
  /** URLs. */
  queues: string[];
}

const text = z.string().min(1);
const texts = z.array(z.string()).default([]);
const schema = z.object({
  [variableNames.table]: text,
  [variableNames.queueUrl]: z.url(),
  [variableNames.deadLetterQueueUrl]: z.url(),
  [variableNames.bucket]: text,
  [variableNames.deployment]: text,
  [variableNames.driverTimeoutMs]: z.coerce.number().int().positive(),
  [variableNames.indexShards]: z.coerce.number().int().min(1).max(64),
  [variableNames.graphs]: z
    .string()
    .transform((given, context) => {
      try {
        return JSON.parse(given) as unknown;
      } catch {
        context.addIssue('expected JSON');
        return z.NEVER;
      }
    })
    .pipe(z.object({ hosts: texts, functions: texts, queues: texts }))
    .optional(),
});

/** Throws a `Fault` `invalid_input` whose problems name the variables. */
export function readAwsEnvironment(variables: Variables = processVariables): AwsEnvironment {
  const parsed = schema.safeParse(variables);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    throw new Fault(
      'invalid_input',
      'The function was deployed without what it needs; deploy it with the Pawl construct',
      {
        problems,
      },
    );
  }
  const found = parsed.data;
  return {
    table: found.PAWL_TABLE,
    queueUrl: found.PAWL_QUEUE_URL,
    deadLetterQueueUrl: found.PAWL_DEAD_LETTER_QUEUE_URL,
    bucket: found.PAWL_BUCKET,
    deployment: found.PAWL_DEPLOYMENT,
    driverTimeoutMs: found.PAWL_DRIVER_TIMEOUT_MS,
    indexShards: found.PAWL_INDEX_SHARDS,
    ...(found.PAWL_GRAPHS && { graphs: found.PAWL_GRAPHS }),
  };
}
