import type { Command } from 'commander';
import type { PawlApi, RegisteredWorkflow } from '../../service/api.ts';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { type ExitCode, exitCode } from '../exit-codes.ts';
import { activeInWords } from '../render/workflow.ts';
import { who } from '../who.ts';
import { complainOf, type DefinitionFile, readDefinition } from './definition-file.ts';

interface RegisterFlags extends TargetFlags {
  activate?: boolean;
  json?: boolean;
}

export function registerCommand(cli: Cli): Command {
  return withTarget(
    command('register', 'keep a definition as the next version of its workflow', [
      ['pawl workflow register orders.yaml', 'the same content is the same version again'],
      ['pawl workflow register orders.yaml --activate', 'and all new runs get it'],
    ]),
  )
    .argument('<file>', 'YAML or JSON')
    .option('--activate', 'all new runs get it; the first version is active in any case')
    .option('--json', 'print one JSON object: { name, version, created, active }')
    .action(act(cli, (file: string, flags: RegisterFlags) => register(cli, file, flags)));
}

async function register(cli: Cli, name: string, flags: RegisterFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const file = await readDefinition(cli, name);
  const connection = await cli.connect({ ...flags, purpose: 'start', codeIsOptional: true });
  try {
    const registered = await registerFile(connection.api, file, { activate: flags.activate ?? false });
    if (flags.json) {
      terminal.out(JSON.stringify(registered));
      return exitCode.ok;
    }
    terminal.err(registeredInWords(registered));
    terminal.err(`New runs get ${activeInWords(registered.active)}`);
    terminal.out(`${registered.name}@${registered.version}`);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

export async function registerFile(
  api: PawlApi,
  file: DefinitionFile,
  { activate }: { activate: boolean },
): Promise<RegisteredWorkflow> {
  const { source, format } = file;
  return api
    .registerWorkflow({ source, format, by: who(), ...(activate && { activate }) })
    .catch((error: unknown) => complainOf(error, file));
}

export function registeredInWords({ name, version, created }: RegisteredWorkflow): string {
  return created ? `Registered version ${version} of ${name}` : `This is version ${version} of ${name} already`;
}
