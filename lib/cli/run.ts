import type { Command } from 'commander';
import type { Observer } from '../kernel/ports.ts';
import type { PawlApi, RunView, StartRunRequest } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import type { Connection, LocalPawl } from './connect.ts';
import { captureConsole } from './console-capture.ts';
import { createDisplay, type Display } from './display.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { follow } from './follow.ts';
import { readInput } from './input.ts';
import { reportOutcome } from './outcome.ts';
import { clean } from './render/text.ts';
import { localTime } from './render/time.ts';
import { shellWords, withoutOption } from './shell-words.ts';
import { suggestWorkflow } from './suggest.ts';
import { type DefinitionFile, isDefinitionFile, readDefinition } from './workflow/definition-file.ts';
import { registeredInWords, registerFile } from './workflow/register.ts';

interface RunFlags extends TargetFlags {
  input?: string;
  key?: string;
  new?: boolean;
  correlation?: string;
  json?: boolean;
  verbose?: boolean;
}

/** By this `pawl run` finds again what an earlier one has begun. */
const origin = 'pawl run';

/** Steps may end for so long after Ctrl-C. */
const graceMs = 3_000;

export function runCommand(cli: Cli): Command {
  return withTarget(
    command('run', 'run a workflow to its end, here and now, and print its output', [
      ['pawl run order-fulfilment --input events/order.json', 'the input from a file'],
      [`pawl run hello --input '{"name": "world"}' | jq .greeting`, 'the output goes on in a script'],
      ['pawl run nightly --key 2026-03-01', 'once per key: again attaches to the same run'],
      ['pawl run hello --new', 'do not go on with one that was interrupted'],
      ['pawl run orders.yaml --input order.json', 'a graph from its file'],
    ]),
  )
    .argument('<workflow>', 'the name of a workflow ("pawl workflows" lists them), or a file with a graph')
    .option('-i, --input <input>', "a file with JSON, JSON itself, or '-' for standard input")
    .option('-k, --key <key>', 'idempotency key: the same workflow and key is the same run')
    .option('--new', 'start afresh, although an interrupted run with this input could go on')
    .option('--correlation <id>', 'an id of yours to find the run by')
    .option('--json', 'print the whole run as one JSON object')
    .addHelpText(
      'after',
      '\nA graph from a file is registered first, as the next version of its name, so that an interrupted run can go on;\n' +
        'the same content is the same version again. Other runs get that version only once it is activated, or if it is\n' +
        'the first.',
    )
    .action(act(cli, (workflow: string, flags: RunFlags) => run(cli, workflow, flags)));
}

async function run(cli: Cli, workflow: string, flags: RunFlags): Promise<ExitCode> {
  if (flags.new && flags.key !== undefined) {
    throw new Complaint('--new and --key exclude each other: a key always means the same run', {
      advice: ['For another run, give another key.'],
    });
  }
  const file = isDefinitionFile(workflow) ? await readDefinition(cli, workflow) : undefined;
  const request: StartRunRequest = {
    workflow,
    input: await readInput(cli, flags.input),
    origin,
    ...(flags.key !== undefined && { key: flags.key }),
    ...(flags.correlation !== undefined && { correlationId: flags.correlation }),
  };
  const display = await createDisplay(cli);
  const restoreConsole = captureConsole(display.note);
  try {
    return await attended(cli, { request, file }, flags, display);
  } finally {
    restoreConsole();
    display.close();
  }
}

interface Wanted {
  request: StartRunRequest;
  /** Where the workflow is not known by its name. */
  file: DefinitionFile | undefined;
}

async function attended(cli: Cli, wanted: Wanted, flags: RunFlags, display: Display): Promise<ExitCode> {
  const begunAt = cli.now();
  const shown = shownRun(display);
  const stop = new AbortController();
  const stopListening = cli.onStop((signal) => {
    const code = signal === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
    if (stop.signal.aborted) cli.quit(code);
    else stop.abort(code);
  });
  let connection: Connection | undefined;
  try {
    let interrupted: string | undefined;
    let request: StartRunRequest | undefined;
    const find = async (pawl: LocalPawl) => {
      request = await named(pawl, wanted, display);
      interrupted = await findInterrupted(pawl, request);
      if (interrupted !== undefined) shown.show(interrupted);
    };
    const afresh = flags.new || flags.key !== undefined;
    const codeIsOptional = wanted.file !== undefined;
    const work = { ...flags, purpose: 'work', codeIsOptional, observer: shown.observer } as const;
    connection = await cli.connect(afresh ? work : { ...work, before: find });
    request ??= await named(connection.api, wanted, display);
    const { run, said } = await startOrGoOn(connection.api, request, interrupted);
    const { id } = run;
    display.note(said);
    shown.show(id);
    // By itself it would be tried again within the hour; whoever types the command wants to see now whether it goes on.
    if (run.status === 'blocked') await connection.api.resumeRun(id, { by: origin });
    const last = await follow(connection.api, id, shown.display, { signal: stop.signal, blockedSince: begunAt });
    display.close();
    if (!stop.signal.aborted || last.closedAt !== undefined)
      return reportOutcome(cli, last, { json: flags.json ?? false, verbose: flags.verbose ?? false });
    await leave(cli, connection, last.id, request.workflow, flags);
    return stop.signal.reason as ExitCode;
  } finally {
    stopListening();
    await connection?.close();
  }
}

/** What to start: a graph from a file by the name and the version that it has once it is registered. */
async function named(api: PawlApi, { request, file }: Wanted, display: Display): Promise<StartRunRequest> {
  if (file === undefined) return request;
  const registered = await registerFile(api, file, { activate: false });
  if (registered.created) display.note(registeredInWords(registered));
  return { ...request, workflow: registered.name, version: registered.version };
}

async function findInterrupted(
  pawl: LocalPawl,
  { workflow, version, input }: StartRunRequest,
): Promise<string | undefined> {
  try {
    return await pawl.findInterrupted(workflow, input, origin, version);
  } catch (error) {
    return suggestWorkflow(error, pawl, workflow);
  }
}

async function startOrGoOn(
  api: PawlApi,
  request: StartRunRequest,
  interrupted: string | undefined,
): Promise<{ run: RunView; said: string }> {
  if (interrupted !== undefined) {
    const run = await api.getRun(interrupted);
    const said = `Going on with run ${run.id}, interrupted at ${localTime(run.updatedAt)} (--new would start another)`;
    return { run, said };
  }
  const { run, created } = await api.startRun(request).catch((error) => suggestWorkflow(error, api, request.workflow));
  const name = `run ${run.id} of ${run.workflow} version ${run.version}`;
  return { run, said: created ? `Started ${name}` : `Attached to ${name}, which the key stands for` };
}

/** Passes on what happens in this process to the run that is shown. */
function shownRun(display: Display): { display: Display; observer: Observer; show(id: string): void } {
  let current: string | undefined;
  return {
    show(id) {
      current = id;
    },
    display: {
      ...display,
      nextRun(id) {
        current = id;
        display.nextRun(id);
      },
    },
    observer: {
      stepStarted({ run, key, attempt, at }) {
        if (run === current) display.stepStarted(key, attempt, at);
      },
      logged({ run, level, message, fields }) {
        const from = run === current ? '' : `[${run}] `;
        const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
        display.note(clean(`${from}${level}: ${message}${more}`));
      },
      troubled({ run, message, error }) {
        const why = error instanceof Error ? error.message : String(error);
        display.note(clean(`${run === '' ? '' : `[${run}] `}${message}: ${why}`));
      },
    },
  };
}

async function leave(cli: Cli, connection: Connection, id: string, workflow: string, flags: RunFlags): Promise<void> {
  const { terminal, words } = cli;
  const { program } = await cli.environment();
  if (connection.local === undefined) {
    terminal.err(`Stopped watching. Run ${id} of ${workflow} goes on at the server. To see it:`);
    terminal.err(`  ${program} ${shellWords(['watch', id, ...connection.target])}`);
    return;
  }
  terminal.err('Ending the turn; once more to quit at once.');
  await connection.local.pawl.drain(graceMs);
  const again = `${program} ${shellWords(withoutOption(words, '--new', false))}`;
  const input = flags.input === '-' ? ' (with the same standard input)' : '';
  terminal.err(`Interrupted. Run ${id} of ${workflow} is kept. To go on with it${input}:`);
  terminal.err(`  ${again}`);
}
