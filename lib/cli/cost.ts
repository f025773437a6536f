import { type Command, InvalidArgumentError } from 'commander';
import { assumptions } from '../cost/assumptions.ts';
import type { Estimate } from '../cost/estimate.ts';
import type { GivenSignal } from '../cost/measure-run.ts';
import { priceTable } from '../cost/prices.ts';
import { paths } from '../cost/reference/paths.ts';
import type { Cli } from './cli.ts';
import { act, command, wholeNumber } from './command-options.ts';
import { captureConsole } from './console-capture.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { readInput } from './input.ts';
import { createPlainLog, type Log } from './log.ts';
import { openProject } from './project.ts';
import { idleMonthLines, referenceLines, runCostLines } from './render/cost.ts';
import { suggestWorkflow } from './suggest.ts';

interface CostFlags {
  input?: string;
  signal: TypedSignal[];
  stepMs?: number;
  memory?: number;
  json?: boolean;
  config?: string;
}

interface TypedSignal {
  name: string;
  payload?: string;
}

export function costCommand(cli: Cli): Command {
  return command('cost', 'run a workflow on stand-ins of AWS here, and print what that costs there', [
    ['pawl cost order-fulfilment --input events/order.json', 'one run, item by item, and an idle month'],
    [`pawl cost approval --signal decision='{"approved": true}'`, 'a signal that is sent when the run waits for it'],
    ['pawl cost nightly --step-ms 2000 --memory 1024', 'what is assumed of Lambda, changed'],
    ['pawl cost', 'short runs of several kinds, what each path of a run takes, and the idle month'],
  ])
    .argument('[workflow]', 'the name of a workflow; "pawl workflows" lists them')
    .option('-i, --input <input>', "a file with JSON, JSON itself, or '-' for standard input")
    .option('-s, --signal <name=json>', 'a signal for the run; may be given several times', addSignal, [])
    .option(
      '--step-ms <ms>',
      `what a step takes on Lambda, beside its write (default: ${assumptions.stepMs})`,
      wholeNumber(0, 900_000),
    )
    .option('--memory <mb>', `of each function (default: ${assumptions.memoryMb})`, wholeNumber(128, 10_240))
    .option('--config <file>', 'the configuration (default: pawl.config.ts, .js, .mjs or .json here)')
    .option('--json', 'print one JSON object: { run or chains and paths, idleMonth, assumed, prices }')
    .addHelpText('after', '\nThe steps are carried out, with everything that they do. Waits pass at once.')
    .action(act(cli, (workflow: string | undefined, flags: CostFlags) => cost(cli, workflow, flags)));
}

function addSignal(text: string, before: TypedSignal[]): TypedSignal[] {
  const [, name, payload] = /^([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('expected a name, or name=json');
  return [...before, { name, ...(payload !== undefined && { payload }) }];
}

async function cost(cli: Cli, workflow: string | undefined, flags: CostFlags): Promise<ExitCode> {
  if (workflow === undefined && (flags.input !== undefined || flags.signal.length > 0)) {
    throw new Complaint('--input and --signal belong to a run: name its workflow, too');
  }
  const log = createPlainLog(cli);
  const restoreConsole = captureConsole((line, stream) => log.say(stream === 'stdout' ? 'info' : 'warn', line));
  try {
    const estimated = await estimateHere(cli, workflow, flags, log);
    print(cli, estimated, flags);
    return explain(cli, estimated);
  } finally {
    restoreConsole();
  }
}

async function estimateHere(
  cli: Cli,
  workflow: string | undefined,
  flags: CostFlags,
  { observer }: Log,
): Promise<Estimate> {
  const input = await readInput(cli, flags.input);
  const signals: GivenSignal[] = [];
  for (const { name, payload } of flags.signal) signals.push({ name, payload: await readInput(cli, payload) });
  const project = await openProject({ cwd: cli.cwd, configFile: flags.config });
  const { workflows } = await project.loadWorkflows();
  const { estimate } = await import('../cost/estimate.ts');
  return estimate({
    workflows: { workflows },
    ...(workflow !== undefined && { run: { workflow, input, signals } }),
    assumed: {
      ...assumptions,
      ...(flags.stepMs !== undefined && { stepMs: flags.stepMs }),
      ...(flags.memory !== undefined && { memoryMb: flags.memory }),
    },
    observer: { logged: observer.logged, troubled: observer.troubled },
    refused: suggestWorkflow,
  });
}

function print({ terminal }: Cli, { run, chains, idleMonth, assumed }: Estimate, { json }: CostFlags): void {
  if (json) {
    terminal.out(
      JSON.stringify({ ...(run && { run }), ...(chains && { chains, paths }), idleMonth, assumed, prices: priceTable }),
    );
    return;
  }
  const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
  const lines = run ? runCostLines(run, assumed, canvas) : referenceLines(chains ?? [], assumed, canvas);
  for (const line of [...lines, '']) terminal.out(line);
  for (const line of idleMonthLines(idleMonth, assumed, canvas)) terminal.out(line);
}

/** Says why this is not what a whole run costs, if it is not. */
function explain({ terminal }: Cli, { run }: Estimate): ExitCode {
  if (run === undefined || run.run.status === 'completed') return exitCode.ok;
  const { status, error } = run.run;
  if (run.waitsFor.length > 0) {
    terminal.err(`The run is ${status}, and this is what it has cost so far. It waits for ${run.waitsFor.join(', ')}.`);
    terminal.err("Give it signals with --signal name='json'.");
    return exitCode.ok;
  }
  terminal.err(
    `The run has ${status}${error ? ` (${error.name}: ${error.message})` : ''}; this is what that has cost.`,
  );
  return exitCode.failed;
}
