import type { Command } from 'commander';
import type { HistoryEntry, PawlApi } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { historyTable } from './render/history.ts';
import { suggestRun } from './suggest.ts';

interface HistoryFlags extends TargetFlags {
  after: number;
  limit?: number;
  json?: boolean;
  export?: boolean;
}

const pageSize = 1_000;

export function historyCommand(cli: Cli): Command {
  return withTarget(
    command('history', "show a run's journal, event by event", [
      ['pawl history 4fq0…', 'the whole journal'],
      ['pawl history 4fq0… --after 120 --limit 20', 'a part of it'],
      [`pawl history 4fq0… --json | jq '.items[].type'`, 'for scripts'],
      ['pawl history 4fq0… --export > run.json', 'the run as a file, for replay() in a test'],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--after <seq>', 'only events after this number', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option('-n, --limit <number>', 'at most so many events', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--json', 'print one JSON object: { items, next? }')
    .option('--export', 'print the whole run as one JSON object, for replay() of pawl/testing')
    .action(act(cli, (id: string, flags: HistoryFlags) => history(cli, id, flags)));
}

async function history(cli: Cli, id: string, flags: HistoryFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const { api } = connection;
    if (flags.export) {
      const exported = await api.exportRun(id).catch((error: unknown) => suggestRun(error, api, id));
      terminal.out(JSON.stringify(exported));
      return exitCode.ok;
    }
    const found = await read(api, id, flags).catch((error: unknown) => suggestRun(error, api, id));
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (flags.json) terminal.out(JSON.stringify(found));
    else for (const line of historyTable(found.items, canvas)) terminal.out(line);
    if (!flags.json && found.next !== undefined) terminal.err(`There is more: --after ${found.next}`);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

async function read(
  api: PawlApi,
  id: string,
  { after, limit = Number.POSITIVE_INFINITY }: HistoryFlags,
): Promise<{ items: HistoryEntry[]; next?: number }> {
  const items: HistoryEntry[] = [];
  let next: number | undefined = after;
  while (next !== undefined && items.length < limit) {
    const page = await api.getHistory(id, { after: next, limit: Math.min(pageSize, limit - items.length) });
    items.push(...page.items);
    next = page.next;
  }
  return { items, ...(next !== undefined && { next }) };
}
