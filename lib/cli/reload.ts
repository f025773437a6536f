import type { Cli } from './cli.ts';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';
import type { LoadedWorkflows, Project } from './project.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadOptions {
  project: Project;
  loaded: LoadedWorkflows | undefined;
  log: Log;
  verbose: boolean;
  /** Puts the new workflows in the place of the old ones. */
  deploy(next: LoadedWorkflows): void | Promise<void>;
}

/** Loads the workflows again whenever their sources change. A change that does not build leaves them as they are. */
export function reloadOnChange(cli: Cli, options: ReloadOptions): { close(): void } {
  const { project, log, verbose } = options;
  let { loaded } = options;
  let reloading: Promise<void> | undefined;
  let again = false;

  async function reload(): Promise<void> {
    try {
      const next = await project.loadWorkflows();
      watch.set(watched(next.watchFiles));
      if (next.hash === loaded?.hash) return;
      await options.deploy(next);
      loaded = next;
      log.say('info', `Reloaded. ${workflowsLine(next)}`);
    } catch (error) {
      const read = error instanceof Error && 'watchFiles' in error ? (error.watchFiles as string[]) : [];
      watch.set([...watched(loaded?.watchFiles ?? []), ...read]);
      const lines = describeError(error, { colors: cli.terminal.errColors, verbose });
      log.say('error', 'The changed workflows do not load; the old ones stay');
      for (const line of lines) cli.terminal.err(`  ${line}`);
    }
  }
  const changed = () => {
    if (reloading !== undefined) {
      again = true;
      return;
    }
    reloading = reload().finally(() => {
      reloading = undefined;
      if (again) {
        again = false;
        changed();
      }
    });
  };
  const watched = (files: string[]) => [...files, ...(project.configFile === undefined ? [] : [project.configFile])];
  const watch = watchFiles(changed);
  watch.set(watched(loaded?.watchFiles ?? []));
  return watch;
}

export function workflowsLine(loaded: LoadedWorkflows | undefined): string {
  const names = [...new Set((loaded?.workflows ?? []).map(({ name }) => name))];
  if (names.length === 0) return 'No workflows in code; registered ones run';
  return `Workflows: ${names.join(', ')}`;
}
