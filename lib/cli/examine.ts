import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import type { HealthView } from '../service/api.ts';
import type { Inspected } from '../wiring/inspect-data.ts';
import type { Cli } from './cli.ts';
import type { TargetFlags } from './command-options.ts';
import { isDataDirectory } from './connect.ts';
import { openProject, type Project } from './project.ts';

export type Check = HealthView['checks'][number];

const oldestNode: [number, number] = [20, 19];
const littleSpaceBytes = 1024 ** 3;
const noSpaceBytes = 64 * 1024 ** 2;

/** All that can be found out about a Pawl, from here down to its runs. What cannot be looked at is a finding, not an error. */
export async function examine(cli: Cli, flags: TargetFlags, longestMs: number): Promise<Check[]> {
  const checks = [checkNode(process.versions.node)];
  const environment = await attempt('environment', () => cli.environment());
  if ('check' in environment) return [...checks, environment.check];
  const { url, dataDir } = environment.value;
  if (flags.url !== undefined || (flags.dataDir === undefined && url !== undefined)) {
    return [...checks, ...(await checkHealth(cli, flags, 'server'))];
  }
  const project = await attempt('config', () =>
    openProject({ cwd: cli.cwd, configFile: flags.config, dataDir: flags.dataDir ?? dataDir }),
  );
  if ('check' in project) return [...checks, project.check];
  checks.push(checkConfig(cli, project.value), await checkWorkflows(project.value));
  if (project.value.dataDir === ':memory:') return [...checks, memoryCheck];
  const directory = await checkDirectory(project.value.dataDir);
  checks.push(...directory.checks);
  if (!directory.usable) return checks;
  const data = await checkData(cli, project.value.dataDir, longestMs);
  checks.push(data.check);
  // What ends a process that reads it is not to be read here.
  return data.broken ? checks : [...checks, ...(await checkHealth(cli, flags, 'health'))];
}

async function checkData(cli: Cli, dataDir: string, longestMs: number): Promise<{ check: Check; broken: boolean }> {
  const { inspectData } = await import('../wiring/inspect-data.ts');
  const redraw = cli.terminal.interactive ? await cli.terminal.redraw() : undefined;
  const inspected = await inspectData({
    dataDir,
    longestMs,
    onProgress: (records, of) => redraw?.draw([`Read ${records} of ${of} records`]),
  });
  redraw?.draw([]);
  redraw?.done();
  return { check: dataCheck(inspected), broken: inspected.kind === 'broken' };
}

export function dataCheck(inspected: Inspected): Check {
  const name = 'data';
  switch (inspected.kind) {
    case 'read': {
      const { records, runs, damaged, damage } = inspected;
      if (damaged === 0) return { name, status: 'healthy', message: `${runs} runs in ${records} records, all sound` };
      const more = damaged > damage.length ? [`and ${damaged - damage.length} more`] : [];
      const advice = 'Restore the data directory from a backup; or delete these runs, over HTTP: DELETE /v1/runs/{id}';
      return { name, status: 'critical', message: [`Damaged: ${damaged}`, ...damage, ...more, advice].join('\n') };
    }
    case 'broken':
      return {
        name,
        status: 'unhealthy',
        message: [
          `The file of the store is damaged: ${inspected.why}`,
          'End all processes that use the data directory, and restore it from a backup',
        ].join('\n'),
      };
    case 'unfinished': {
      const message = `${inspected.records} of ${inspected.of} records read in time, all readable: for the rest, --longest`;
      return { name, status: 'warning', message };
    }
    case 'failed':
      return { name, status: 'critical', message: `The data could not be read: ${inspected.why}` };
  }
}

async function attempt<T>(name: string, work: () => Promise<T>): Promise<{ value: T } | { check: Check }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { check: { name, status: 'unhealthy', message: await said(error) } };
  }
}

async function said(error: unknown): Promise<string> {
  const [{ describeError }, { default: picocolors }] = await Promise.all([
    import('./describe-error.ts'),
    import('picocolors'),
  ]);
  const lines = describeError(error, { colors: picocolors.createColors(false), verbose: false });
  return lines.join('\n').replace(/^Error: /, '');
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (fits) return { name: 'node', status: 'healthy', message: `Node ${version}` };
  return {
    name: 'node',
    status: 'unhealthy',
    message: `Node ${version} is too old: Pawl needs ${oldestNode.join('.')} or newer`,
  };
}

function checkConfig({ cwd }: Cli, { configFile }: Project): Check {
  const message = configFile === undefined ? 'No configuration file, so all defaults' : relative(cwd, configFile);
  return { name: 'config', status: 'healthy', message };
}

async function checkWorkflows(project: Project): Promise<Check> {
  const loaded = await attempt('workflows', () => project.loadWorkflows());
  if ('check' in loaded) return { ...loaded.check, status: 'critical' };
  const names = [...new Set(loaded.value.workflows.map(({ name }) => name))];
  return { name: 'workflows', status: 'healthy', message: `${names.length}: ${names.join(', ')}` };
}

const memoryCheck: Check = {
  name: 'directory',
  status: 'warning',
  message: 'The configured store is "memory": runs are lost when the process ends',
};

/** Permissions and space. A directory that is missing is made by whoever runs something first. */
export async function checkDirectory(dataDir: string): Promise<{ checks: Check[]; usable: boolean }> {
  const name = 'directory';
  const found = await stat(dataDir).catch(() => undefined);
  if (found === undefined) {
    return {
      checks: [{ name, status: 'healthy', message: `${dataDir} does not exist yet; the first run makes it` }],
      usable: false,
    };
  }
  if (!found.isDirectory()) {
    return { checks: [{ name, status: 'unhealthy', message: `${dataDir} is no directory` }], usable: false };
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const message = `${dataDir} may not be read and written by this user: change its owner or its permissions`;
    return { checks: [{ name, status: 'unhealthy', message }], usable: false };
  }
  const open = (found.mode & 0o077) !== 0;
  const message = open
    ? `${dataDir} can be entered by others, and runs may hold secrets: chmod 700 ${dataDir}`
    : `${dataDir} is there, and private`;
  return {
    checks: [{ name, status: open ? 'warning' : 'healthy', message }, await checkSpace(dataDir)],
    usable: isDataDirectory(dataDir),
  };
}

async function checkSpace(dataDir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(dataDir).catch(() => statfs(dirname(dataDir)));
  return spaceCheck(bavail * bsize);
}

export function spaceCheck(freeBytes: number): Check {
  const name = 'space';
  const free = `${freeBytes < 1e9 ? `${Math.round(freeBytes / 1e6)} MB` : `${(freeBytes / 1e9).toFixed(1)} GB`} free`;
  if (freeBytes < noSpaceBytes) return { name, status: 'unhealthy', message: `${free}: writes are about to fail` };
  if (freeBytes < littleSpaceBytes) return { name, status: 'warning', message: `${free}: that is little` };
  return { name, status: 'healthy', message: free };
}

async function checkHealth(cli: Cli, flags: TargetFlags, name: string): Promise<Check[]> {
  const asked = await attempt(name, async () => {
    const connection = await cli.connect({ ...flags, purpose: 'read' });
    return connection.api.health().finally(() => connection.close());
  });
  if ('check' in asked) return [asked.check];
  const { checks, version } = asked.value;
  return name === 'server' ? [{ name, status: 'healthy', message: `Pawl ${version} answers` }, ...checks] : checks;
}
