import { Command, CommanderError } from 'commander';
import { packageVersion } from '../wiring/package-version.ts';
import { cancelCommand } from './cancel.ts';
import type { Cli } from './cli.ts';
import { costCommand } from './cost.ts';
import { describeError } from './describe-error.ts';
import { devCommand } from './dev.ts';
import { doctorCommand } from './doctor.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import { graphCommand } from './graph.ts';
import { historyCommand } from './history.ts';
import { invokeCommand } from './invoke.ts';
import { listCommand } from './list.ts';
import { pauseCommand } from './pause.ts';
import { redriveCommand } from './redrive.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run.ts';
import { serveCommand } from './serve.ts';
import { showCommand } from './show.ts';
import { signalCommand } from './signal.ts';
import { startCommand } from './start.ts';
import { watchCommand } from './watch.ts';
import { workflowCommand } from './workflow.ts';
import { workflowsCommand } from './workflows.ts';

type CreateCommand = (cli: Cli) => Command;

const groups: Record<string, CreateCommand[]> = {
  'Run workflows:': [runCommand, startCommand, devCommand, serveCommand, invokeCommand],
  'Look at runs:': [listCommand, showCommand, historyCommand, watchCommand],
  'Act on runs:': [signalCommand, pauseCommand, resumeCommand, cancelCommand],
  'Workflows that are data:': [workflowCommand, graphCommand],
  'Look at Pawl:': [workflowsCommand, doctorCommand, costCommand, redriveCommand],
};

/** Does what the words say and leaves the exit code in `cli.exit`. Never rejects. */
export async function runCli(cli: Cli): Promise<void> {
  let verbose = false;
  const program = createProgram(cli).hook('preAction', (_program, action) => {
    verbose = action.opts().verbose === true;
  });
  try {
    await program.parseAsync([...cli.words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what there is to say.
      cli.exit.code = error.exitCode === 0 ? exitCode.ok : exitCode.usage;
      return;
    }
    cli.exit.code = exitCodeOf(error);
    for (const line of describeError(error, { colors: cli.terminal.errColors, verbose })) cli.terminal.err(line);
  }
}

function createProgram(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('pawl')
    .description('Durable workflows in plain TypeScript: they survive crashes and wait for months.')
    .version(packageVersion, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
      outputError: (text, write) => write(text.replace(/^error:/, terminal.errColors.red('Error:'))),
      getOutHelpWidth: () => Math.min(terminal.outWidth(), 110),
      getErrHelpWidth: () => Math.min(terminal.errWidth(), 110),
      getOutHasColors: () => terminal.outColors.isColorSupported,
      getErrHasColors: () => terminal.errColors.isColorSupported,
    })
    .addHelpText('after', firstSteps);
  for (const [heading, creators] of Object.entries(groups)) {
    for (const create of creators) {
      const subcommand = create(cli).helpGroup(heading).copyInheritedSettings(program);
      program.addCommand(subcommand.showHelpAfterError(`"pawl ${subcommand.name()} --help" shows the usage.`));
      for (const verb of subcommand.commands) {
        const words = `${subcommand.name()} ${verb.name()}`;
        verb.copyInheritedSettings(subcommand).showHelpAfterError(`"pawl ${words} --help" shows the usage.`);
      }
    }
  }
  return program.addHelpCommand(helpCommand()).showHelpAfterError('"pawl --help" shows what there is.');
}

function helpCommand(): Command {
  const help = new Command('help').argument('[command]').helpOption(false);
  return help.description('show the help of a command').helpGroup('Look at Pawl:');
}

const firstSteps = `
Examples:
  $ pawl run hello --input '{"name": "world"}'   run a workflow of workflows/index.ts to its end
  $ pawl dev                                     worker and HTTP API, with reload while you write
  $ pawl list --status failed --since 24h        what went wrong

Exit codes: 0 done, 1 failed or cancelled, 2 wrong usage, 130 interrupted.`;
