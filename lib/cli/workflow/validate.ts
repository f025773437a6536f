import type { Command } from 'commander';
import { isFault, type Problem } from '../../kernel/faults.ts';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { executorsOf } from '../connect.ts';
import { Complaint, type ExitCode, exitCode } from '../exit-codes.ts';
import { openProject } from '../project.ts';
import { type DefinitionFile, problemLines, readDefinition } from './definition-file.ts';

interface ValidateFlags extends TargetFlags {
  json?: boolean;
}

interface Judged {
  file: DefinitionFile;
  /** Of its workflow. */
  name: string;
  problems: Problem[];
}

export function validateCommand(cli: Cli): Command {
  return withTarget(
    command('validate', 'say all that is wrong with definitions, without keeping them', [
      ['pawl workflow validate orders.yaml', 'each problem with its line and column'],
      ['pawl workflow validate graphs/*.yaml', 'several; exit code 2 if any of them is wrong'],
      ['pawl workflow validate orders.yaml --url https://pawl.example.com', 'by what that server offers'],
    ]),
  )
    .argument('<files...>', 'YAML or JSON')
    .option('--json', 'print one JSON object: { problems }')
    .action(act(cli, (files: string[], flags: ValidateFlags) => validate(cli, files, flags)));
}

async function validate(cli: Cli, names: string[], flags: ValidateFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const files = await Promise.all(names.map((name) => readDefinition(cli, name)));
  const check = await checker(cli, flags);
  const judged: Judged[] = [];
  for (const file of files) judged.push(await judge(file, check));
  const wrong = judged.filter(({ problems }) => problems.length > 0);
  if (flags.json) {
    const problems = wrong.flatMap(({ file, problems: own }) => own.map((each) => ({ file: file.name, ...each })));
    terminal.out(JSON.stringify({ problems }));
    return wrong.length > 0 ? exitCode.usage : exitCode.ok;
  }
  for (const { file, name, problems } of judged) {
    if (problems.length === 0) terminal.err(`${file.name} is right: workflow ${name}`);
  }
  if (wrong.length === 0) return exitCode.ok;
  const count = wrong.reduce((sum, { problems }) => sum + problems.length, 0);
  const what = wrong.length === 1 ? wrong[0]?.file.name : `${wrong.length} of ${judged.length} files`;
  throw new Complaint(
    `${what} ${wrong.length === 1 ? 'has' : 'have'} ${count === 1 ? 'a problem' : `${count} problems`}`,
    {
      details: wrong.flatMap(({ file, problems }) => problemLines(file, problems)),
    },
  );
}

type Check = (file: DefinitionFile) => Promise<{ name: string }>;

/** By what a server offers, or by what is here. */
async function checker(cli: Cli, flags: ValidateFlags): Promise<Check> {
  const { url } = await cli.environment();
  if (flags.url !== undefined || (flags.dataDir === undefined && url !== undefined)) {
    const { api } = await cli.connect({ ...flags, purpose: 'start' });
    return ({ source, format }) => api.registerWorkflow({ source, format, dryRun: true });
  }
  const project = await openProject({ cwd: cli.cwd, configFile: flags.config });
  const [{ handlers }, { createGraphLanguage, collected }] = await Promise.all([
    project.loadWorkflows({ optional: true }),
    import('../../wiring/graphs.ts'),
  ]);
  const offer = { handlers: collected(handlers), executors: executorsOf(project.config) };
  const language = createGraphLanguage(() => offer);
  return ({ source, format }) => language.read({ text: source, format });
}

async function judge(file: DefinitionFile, check: Check): Promise<Judged> {
  try {
    return { file, name: (await check(file)).name, problems: [] };
  } catch (error) {
    if (!isFault(error, 'invalid_input') || error.problems === undefined) throw error;
    return { file, name: '', problems: error.problems };
  }
}
