import * as z from 'zod';
import { createHostRules } from '../graph/executors/hosts.ts';
import type { HttpSettings } from '../graph/executors/http.ts';
import { Fault, type Problem } from '../kernel/faults.ts';
import { defaultLimits, type Limits } from '../kernel/limits.ts';
import { defaultLoadLimits, type LoadLimits } from '../service/load.ts';
import { nearest } from '../workflow/nearest.ts';
import { type Config, defaultConfig, trafficNames } from './config.ts';

const limitNames = Object.keys(defaultLimits) as (keyof Limits)[];
const limit = z.number().positive().optional();

export const loadNames = [...(Object.keys(defaultLoadLimits) as (keyof LoadLimits)[]), ...trafficNames];

const httpNames = ['allow', 'allowPrivate', 'timeoutMs'];

const shape = {
  workflows: z.string().min(1).default(defaultConfig.workflows),
  store: z.enum(['lmdb', 'memory']).default(defaultConfig.store),
  dataDir: z.string().min(1).default(defaultConfig.dataDir),
  fsync: z.enum(['batch', 'never']).default(defaultConfig.fsync),
  host: z.string().min(1).default(defaultConfig.host),
  port: z.int().min(0).max(65_535).default(defaultConfig.port),
  http: z
    .strictObject({
      allow: z.array(z.string()).optional(),
      allowPrivate: z.array(z.string()).optional(),
      timeoutMs: z.number().positive().optional(),
    })
    .optional(),
  limits: z.strictObject(Object.fromEntries(limitNames.map((name) => [name, limit]))).default({}),
  load: z.strictObject(Object.fromEntries(loadNames.map((name) => [name, limit]))).default({}),
};

const configSchema = z.strictObject(shape);

/** Fills in the defaults. Throws a `Fault` `invalid_input` with each path and what is allowed there. `source` names the file. */
export function parseConfig(value: unknown, source: string): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) {
    // Says which entry is no host.
    createHostRules((parsed.data.http ?? {}) as HttpSettings);
    return parsed.data as Config;
  }
  throw new Fault('invalid_input', `${source} does not parse`, { problems: parsed.error.issues.flatMap(problemsOf) });
}

const namesIn: Record<string, string[]> = { http: httpNames, limits: limitNames, load: loadNames };

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = namesIn[path] ?? Object.keys(shape);
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: unknownSetting(key, known),
    }));
  }
  if (issue.path.length > 1) return [{ path, message: allowedInside(issue.path) }];
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
  fsync: 'expected "batch" or "never"',
  host: 'expected an address or a host name, like "127.0.0.1"',
  port: 'expected a whole number from 0 to 65535',
  http: 'expected hosts that graphs may ask, like { allow: ["api.example.com"] }',
  load: 'expected positive numbers by name, like { backlog: 5000 }',
  limits: 'expected positive numbers by name, like { eventsPerRun: 50000 }',
};

function allowedInside([setting, name]: readonly PropertyKey[]): string {
  if (setting === 'http' && name !== 'timeoutMs') return 'expected a list of hosts, like ["api.example.com"]';
  return 'expected a positive number';
}
