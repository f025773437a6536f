import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Observer } from '../kernel/ports.ts';
import type { PawlApi } from '../service/api.ts';
import type { Environment } from '../wiring/cli-environment.ts';
import type { GraphExecutors } from '../wiring/graphs.ts';
import type { Pawl } from '../wiring/open-pawl.ts';
import type { TargetFlags } from './command-options.ts';
import { Complaint } from './exit-codes.ts';
import type { LoadedWorkflows, Project } from './project.ts';

export interface ConnectRequest extends TargetFlags {
  /** `read`: whatever is there. `start`: with the workflows. `work`: with a worker in this process too. */
  purpose: 'read' | 'start' | 'work';
  /** There need not be any code: what is asked for may be registered. */
  codeIsOptional?: boolean;
  observer?: Observer;
  /** Looks at a data directory before the worker here goes on with what was left in it. */
  before?: (pawl: LocalPawl) => Promise<void>;
}

/** Pawl, by whatever way it is reached. */
export interface Connection {
  api: PawlApi;
  /** Live workers that would take a run, this process included. */
  workers(): Promise<number>;
  /** Absent over HTTP. */
  local?: LocalConnection;
  /** The options by which another command reaches the same place. */
  target: string[];
  close(): Promise<void>;
}

export interface LocalConnection {
  pawl: LocalPawl;
  project: Project;
  /** Unless the purpose is `read`. */
  loaded?: LoadedWorkflows;
}

/** What the command line needs of an opened data directory. */
export type LocalPawl = Pick<
  Pawl,
  keyof PawlApi | 'load' | 'countWorkers' | 'findInterrupted' | 'setWorkflows' | 'drain' | 'close'
>;

export type Connect = (request: ConnectRequest) => Promise<Connection>;

/** Decides between a data directory and a server: what is typed counts before what the environment says. */
export function createConnect(cwd: string, readEnvironment: () => Promise<Environment>): Connect {
  return async (request) => {
    const environment = await readEnvironment();
    if (request.url !== undefined && (request.dataDir !== undefined || request.config !== undefined)) {
      throw new Complaint('--url goes with neither --data-dir nor --config: a server has its own');
    }
    const url = request.url ?? (request.dataDir === undefined ? environment.url : undefined);
    return url === undefined ? openDirectory(request, cwd, environment) : reachServer(url, environment, request);
  };
}

async function reachServer(url: string, environment: Environment, request: ConnectRequest): Promise<Connection> {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new Complaint(`${url} is no address of a server`, { advice: ['Write it like http://127.0.0.1:8787'] });
  }
  const { createClient } = await import('../client/index.ts');
  const { token, awsRegion } = environment;
  const client = createClient({
    url,
    ...(token !== undefined && { token }),
    ...(awsRegion !== undefined && { aws: { region: awsRegion } }),
  });
  return {
    api: client,
    workers: async () => (await client.health()).workers,
    target: request.url === undefined ? [] : ['--url', url],
    close: async () => {},
  };
}

async function openDirectory(request: ConnectRequest, cwd: string, environment: Environment): Promise<Connection> {
  const { purpose, observer, before, codeIsOptional = false } = request;
  const { openProject } = await import('./project.ts');
  const dataDir = request.dataDir ?? environment.dataDir;
  const project = await openProject({ cwd, configFile: request.config, dataDir });
  if (purpose !== 'work') refuseMemory(project);
  if (purpose === 'read') refuseAbsence(project, environment);
  // Where something has run already, it may be registered workflows alone.
  const optional = codeIsOptional || (project.hasDefaultEntry && isDataDirectory(project.dataDir));
  const loaded = purpose === 'read' ? undefined : await project.loadWorkflows({ optional });
  const { openPawl } = await import('../wiring/open-pawl.ts');
  const options = {
    workflows: loaded?.workflows ?? [],
    handlers: loaded?.handlers ?? [],
    executors: executorsOf(project.config),
    dataDir: project.dataDir,
    fsync: project.config.fsync,
    limits: project.config.limits,
    load: project.config.load,
    ...(observer && { observer }),
  };
  if (before !== undefined) {
    const looking = await openPawl({ ...options, worker: false });
    await before(looking).finally(() => looking.close());
  }
  const pawl: LocalPawl = await openPawl({ ...options, worker: purpose === 'work' });
  if (purpose === 'work' && loaded !== undefined) await deploy(pawl, project, loaded);
  return {
    api: pawl,
    workers: () => pawl.countWorkers(),
    local: { pawl, project, ...(loaded && { loaded }) },
    target: [
      ...(request.dataDir === undefined ? [] : ['--data-dir', request.dataDir]),
      ...(request.config === undefined ? [] : ['--config', request.config]),
    ],
    close: () => pawl.close(),
  };
}

async function deploy(pawl: LocalPawl, { dataDir }: Project, loaded: LoadedWorkflows): Promise<void> {
  const { isDeployment } = await import('./deployed-code.ts');
  if (dataDir === ':memory:' || !(await isDeployment(dataDir, loaded.hash))) return;
  await pawl.setWorkflows(loaded.workflows, loaded.handlers);
}

/** What the configuration allows graphs to do. */
export function executorsOf({ http }: Project['config']): GraphExecutors {
  return http === undefined ? {} : { http };
}

function refuseMemory(project: Project): void {
  if (project.dataDir !== ':memory:') return;
  throw new Complaint('The configured store is "memory": only the process that holds it can be asked', {
    advice: [`If "pawl dev" runs, ask it: --url http://${project.config.host}:${project.config.port}`],
  });
}

/** A directory may be there already for the sake of its builds. */
export function isDataDirectory(directory: string): boolean {
  return existsSync(join(directory, 'format.json'));
}

function refuseAbsence({ dataDir }: Project, { program }: Environment): void {
  if (isDataDirectory(dataDir)) return;
  throw new Complaint(`There are no runs in ${dataDir}: nothing has run here yet`, {
    advice: [`Start something with: ${program} run <workflow>`, 'Or name another data directory with --data-dir.'],
  });
}
