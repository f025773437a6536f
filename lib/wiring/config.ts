import * as z from 'zod';
import { Fault, type Problem } from '../kernel/faults.ts';
import { defaultLimits, type Limits } from '../kernel/limits.ts';
import { nearest } from '../workflow/nearest.ts';

const limitNames = Object.keys(defaultLimits) as (keyof Limits)[];
const limit = z.number().positive().optional();

const shape = {
  workflows: z.string().min(1).default('workflows/index.ts'),
  store: z.enum(['lmdb', 'memory']).default('lmdb'),
  dataDir: z.string().min(1).default('.pawl'),
  fsync: z.enum(['commit', 'batch', 'never']).default('batch'),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8787),
  limits: z.strictObject(Object.fromEntries(limitNames.map((name) => [name, limit]))).default({}),
};

const configSchema = z.strictObject(shape);

/** Settings with all defaults filled in. */
export type Config = Omit<z.output<typeof configSchema>, 'limits'> & { limits: Partial<Limits> };

/** Settings of `pawl.config.ts`; relative paths are relative to that file. */
export interface ConfigInput {
  /** The module whose exports are the workflows. Default: 'workflows/index.ts'. */
  workflows?: string;
  /** 'memory' keeps nothing over the end of the process. Default: 'lmdb'. */
  store?: 'lmdb' | 'memory';
  /** Default: '.pawl'. */
  dataDir?: string;
  /** What of an acknowledged write is on disk: each one at once, several together, or when the system likes. Default: 'batch'. */
  fsync?: 'commit' | 'batch' | 'never';
  /** Where `pawl serve` listens. Default: '127.0.0.1'. */
  host?: string;
  /** Default: 8787. */
  port?: number;
  /** Limits of the kernel that differ from its defaults, by name. */
  limits?: Partial<Limits>;
}

/** Types the settings in `pawl.config.ts`: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/** Fills in the defaults. Throws a `Fault` `invalid_input` with each path and what is allowed there. `source` names the file. */
export function parseConfig(value: unknown, source: string): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Fault('invalid_input', `${source} does not parse`, { problems: parsed.error.issues.flatMap(problemsOf) });
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = path === '' ? Object.keys(shape) : limitNames;
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: unknownSetting(key, known),
    }));
  }
  if (issue.path.length > 1) return [{ path, message: 'expected a positive number' }];
  return [{ path, message: allowed[path] ?? issue.message }];
}

function unknownSetting(key: string, known: string[]): string {
  const meant = nearest(key, known);
  const advice = meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`;
  return `there is no such setting; ${advice}`;
}

const allowed: Record<string, string> = {
  '': 'expected an object of settings, exported as default: export default defineConfig({ … })',
  workflows: 'expected the path of a module, like "workflows/index.ts"',
  store: 'expected "lmdb" or "memory"',
  dataDir: 'expected the path of a directory, like ".pawl"',
  fsync: 'expected "commit", "batch" or "never"',
  host: 'expected an address or a host name, like "127.0.0.1"',
  port: 'expected a whole number from 0 to 65535',
  limits: 'expected positive numbers by name, like { eventsPerRun: 50000 }',
};

export { nearest };
