/** What `pawl.config.ts` is written with. Apart from the checks, so that who has none does not load a library of schemas. */
import type { HttpSettings } from '../graph/executors/http.ts';
import type { HttpLimits } from '../http/contract/limits.ts';
import type { Limits } from '../kernel/limits.ts';
import type { LoadLimits } from '../service/load.ts';

/** Of the HTTP API, what bounds how much it does at once. */
export const trafficNames = [
  ...(['connections', 'requestsInFlight', 'startsInFlight', 'bodiesBytes', 'eventStreams', 'idleMs'] as const),
];
/** How much a process takes at once, by name. */
type LoadSettings = Partial<LoadLimits & Pick<HttpLimits, (typeof trafficNames)[number]>>;

/** Settings of `pawl.config.ts`; relative paths are relative to that file. */
export interface ConfigInput {
  /** The module whose exports are the workflows. Default: 'workflows/index.ts'. */
  workflows?: string;
  /** 'memory' keeps nothing over the end of the process. Default: 'lmdb'. */
  store?: 'lmdb' | 'memory';
  /** Default: '.pawl'. */
  dataDir?: string;
  /** What of an acknowledged write is on disk: each one at once, several together, or when the system likes. Default: 'batch'. */
  fsync?: 'batch' | 'never';
  /** Where `pawl serve` listens. Default: '127.0.0.1'. */
  host?: string;
  /** Default: 8787. */
  port?: number;
  /** Which hosts the HTTP tasks of graphs may ask. Default: none. */
  http?: Pick<HttpSettings, 'allow' | 'allowPrivate' | 'timeoutMs'>;
  /** Limits of the kernel that differ from its defaults, by name. */
  limits?: Partial<Limits>;
  /** How much a process takes at once, where it differs from the defaults, by name. */
  load?: LoadSettings;
}

/** Types the settings in `pawl.config.ts`: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/** Settings with all defaults filled in. */
export type Config = Required<Pick<ConfigInput, 'workflows' | 'store' | 'dataDir' | 'fsync' | 'host' | 'port'>> & {
  http?: HttpSettings;
  limits: Partial<Limits>;
  load: LoadSettings;
};

/** Where nothing is configured. */
export const defaultConfig: Config = {
  workflows: 'workflows/index.ts',
  store: 'lmdb',
  dataDir: '.pawl',
  fsync: 'batch',
  host: '127.0.0.1',
  port: 8787,
  limits: {},
  load: {},
};

export { nearest } from '../workflow/nearest.ts';
