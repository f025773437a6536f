import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { command } from './command-options.ts';
import { activateCommand } from './workflow/activate.ts';
import { deactivateCommand } from './workflow/deactivate.ts';
import { diffCommand } from './workflow/diff.ts';
import { workflowHistoryCommand } from './workflow/history.ts';
import { registerCommand } from './workflow/register.ts';
import { rollbackCommand } from './workflow/rollback.ts';
import { showWorkflowCommand } from './workflow/show.ts';
import { validateCommand } from './workflow/validate.ts';
import { listWorkflowsCommand } from './workflows.ts';

/** Workflows that are data: `pawl workflow <verb>`. */
export function workflowCommand(cli: Cli): Command {
  const group = command('workflow', 'register workflows that are graphs, and choose which versions new runs get', [
    ['pawl workflow validate orders.yaml', 'all that is wrong with it, at once'],
    ['pawl workflow register orders.yaml', 'as the next version of its name'],
    ['pawl workflow activate orders 3=90 4=10', '10 of 100 new runs get version 4'],
    ['pawl workflow rollback orders', 'new runs get again what they got before'],
  ]);
  const creators = [
    validateCommand,
    registerCommand,
    listWorkflowsCommand,
    showWorkflowCommand,
    diffCommand,
    activateCommand,
    rollbackCommand,
    deactivateCommand,
    workflowHistoryCommand,
  ];
  for (const create of creators) group.addCommand(create(cli));
  return group;
}
