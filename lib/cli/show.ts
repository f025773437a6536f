import type { Command } from 'commander';
import type { RunView, TaskView } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { runHead } from './render/run-head.ts';
import type { Canvas } from './render/table.ts';
import { progressTask, taskTable } from './render/tasks.ts';
import { millis } from './render/time.ts';
import { timeline } from './render/timeline.ts';
import { suggestRun } from './suggest.ts';

interface ShowFlags extends TargetFlags {
  json?: boolean;
}

export function showCommand(cli: Cli): Command {
  return withTarget(
    command('show', 'show one run: its state, its tasks and when they ran', [
      ['pawl show 4fq0…', 'the id as "pawl list" shows it'],
      ['pawl show 4fq0… --json | jq .run.error', 'for scripts'],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--json', 'print one JSON object: { run, tasks }')
    .action(act(cli, (id: string, flags: ShowFlags) => show(cli, id, flags)));
}

async function show(cli: Cli, id: string, flags: ShowFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const { api } = connection;
    const run = await api.getRun(id).catch((error: unknown) => suggestRun(error, api, id));
    const tasks = await api.listTasks(id);
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (flags.json) terminal.out(JSON.stringify({ run, tasks }));
    else for (const line of page(run, tasks, cli.now(), canvas)) terminal.out(line);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

function page(run: RunView, tasks: TaskView[], now: number, canvas: Canvas): string[] {
  const head = runHead(run, now, canvas);
  if (tasks.length === 0) return [...head, '', 'No task of it has ended yet, and none is waited for.'];
  const from = millis(run.createdAt) ?? now;
  const to = millis(run.closedAt) ?? now;
  const bars = timeline(tasks.map(progressTask), from, to, canvas);
  return [...head, '', ...taskTable(tasks, now, canvas), '', ...bars];
}
