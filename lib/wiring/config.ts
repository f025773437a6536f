import * as z from 'zod';
import { Fault, type Problem } from '../kernel/faults.ts';
import { defaultLimits, type Limits } from '../kernel/limits.ts';

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

/** The candidate that a mistyped name most likely means; `undefined` if none is near enough. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(typed.length * 0.4));
  let best: { name: string; distance: number } | undefined;
  for (const name of candidates) {
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name ?? onlyOneThatBegins(typed.toLowerCase(), candidates);
}

/** One of the two is the beginning of the other. */
function onlyOneThatBegins(typed: string, candidates: readonly string[]): string | undefined {
  const found = candidates.filter((candidate) => {
    const name = candidate.toLowerCase();
    return Math.min(name.length, typed.length) >= 3 && (name.startsWith(typed) || typed.startsWith(name));
  });
  return found.length === 1 ? found[0] : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
