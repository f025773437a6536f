import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isFault } from '../kernel/faults.ts';
import type { PawlApi } from '../service/api.ts';
import type { WorkflowSource } from '../service/registry/language.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { suggestRun, suggestWorkflow } from './suggest.ts';
import { complainOf, isDefinitionFile, readDefinition } from './workflow/definition-file.ts';

interface GraphFlags extends TargetFlags {
  run?: string;
  format?: Format;
  output?: string;
}

type Format = 'mermaid' | 'svg';

export function graphCommand(cli: Cli): Command {
  return withTarget(
    command('graph', 'draw a workflow that is a graph', [
      ['pawl graph orders.yaml', 'as a Mermaid flowchart'],
      ['pawl graph orders.yaml -o orders.svg', 'as a picture'],
      ['pawl graph orders@3 --format svg', 'a registered version; without one, what most new runs get'],
      ['pawl graph --run 4fq0… -o run.svg', 'as it went in a run'],
    ]),
  )
    .argument('[graph]', 'a file with a graph, or the name of a registered workflow')
    .option('-r, --run <id>', 'colour the tasks by their state in this run')
    .addOption(
      new Option('-f, --format <format>', 'default: by the name of the output, else mermaid').choices([
        'mermaid',
        'svg',
      ]),
    )
    .option('-o, --output <file>', 'write it there')
    .action(act(cli, (graph: string | undefined, flags: GraphFlags) => draw(cli, graph, flags)));
}

async function draw(cli: Cli, graph: string | undefined, flags: GraphFlags): Promise<ExitCode> {
  if (graph === undefined && flags.run === undefined) {
    throw new Complaint('What is to be drawn? Name a file, a workflow, or a run with --run');
  }
  const format = flags.format ?? (/\.svg$/i.test(flags.output ?? '') ? 'svg' : 'mermaid');
  const drawing = await drawn(cli, graph, format, flags);
  if (flags.output === undefined) cli.terminal.out(drawing.replace(/\n$/, ''));
  else {
    await writeFile(resolve(cli.cwd, flags.output), drawing);
    cli.terminal.err(`Drawn: ${flags.output}`);
  }
  return exitCode.ok;
}

async function drawn(cli: Cli, graph: string | undefined, format: Format, flags: GraphFlags): Promise<string> {
  const { drawGraph } = await import('../wiring/draw-graph.ts');
  const isFile = graph !== undefined && isDefinitionFile(graph);
  const file = isFile ? await readDefinition(cli, graph) : undefined;
  const fileSource = file && { text: file.source, format: file.format };
  if (file !== undefined && fileSource !== undefined && flags.run === undefined) {
    return drawGraph(fileSource, { format }).catch((error: unknown) => complainOf(error, file));
  }
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const { api } = connection;
    if (flags.run === undefined) return await drawGraph(await registered(api, graph as string), { format });
    const run = await exported(api, flags.run);
    const source = fileSource ?? (await registered(api, `${run.run.workflow}@${run.run.version}`));
    return await drawGraph(source, { format, run });
  } catch (error) {
    if (file !== undefined) complainOf(error, file);
    throw error;
  } finally {
    await connection.close();
  }
}

async function exported(api: PawlApi, id: string) {
  return api.exportRun(id).catch((error: unknown) => suggestRun(error, api, id));
}

/** `name` or `name@version`. */
async function registered(api: PawlApi, word: string): Promise<WorkflowSource> {
  const [, name = word, typed] = /^(.+?)(?:@v?(\d+))?$/.exec(word) ?? [];
  try {
    const version = typed === undefined ? (await api.getWorkflow(name)).version : Number(typed);
    const { source } = await api.getWorkflowVersion(name, version);
    if (source !== undefined) return source;
  } catch (error) {
    if (!isFault(error, 'not_found')) throw error;
    return suggestWorkflow(error, api, name);
  }
  throw new Complaint(`Workflow ${name} is code: only graphs can be drawn`);
}
