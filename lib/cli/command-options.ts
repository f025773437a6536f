import { Command, InvalidArgumentError } from 'commander';
import type { Cli } from './cli.ts';
import type { ExitCode } from './exit-codes.ts';

/** Options that say which Pawl is meant. */
export interface TargetFlags {
  dataDir?: string;
  config?: string;
  url?: string;
}

/** A subcommand. Its `help` is a list of examples, each with what it does. */
export function command(name: string, description: string, help: [example: string, meaning: string][]): Command {
  const width = Math.max(...help.map(([example]) => example.length));
  const lines = help.map(([example, meaning]) => `  $ ${example.padEnd(width)}  ${meaning}`.trimEnd());
  return new Command(name)
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .option('--verbose', 'show where an error comes from')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** For commands that work on the data directory or on a server. */
export function withTarget(target: Command): Command {
  return withDirectory(target).option('--url <url>', 'work on the Pawl server there (or PAWL_URL, with PAWL_TOKEN)');
}

/** For commands that need the data directory itself. */
export function withDirectory(target: Command): Command {
  return target
    .option('--data-dir <directory>', 'the data directory (or PAWL_DATA_DIR; default: as configured, .pawl)')
    .option('--config <file>', 'the configuration (default: pawl.config.ts, .js, .mjs or .json here)');
}

/** An option's value that has to be a whole number within bounds. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}`);
  };
}

/** Runs a command's work and keeps the exit code that it answers with. */
export function act<Args extends unknown[]>(
  cli: Cli,
  work: (...args: Args) => Promise<ExitCode>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    cli.exit.code = await work(...args);
  };
}
