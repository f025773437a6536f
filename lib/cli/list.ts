import { type Command, Option } from 'commander';
import type { RunStatus } from '../kernel/head.ts';
import type { ListRunsQuery } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withTarget } from './command-options.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { runList } from './render/run-list.ts';

interface ListFlags extends TargetFlags {
  status?: RunStatus;
  workflow?: string;
  correlation?: string;
  since?: string;
  until?: string;
  limit: number;
  cursor?: string;
  json?: boolean;
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const statuses: RunStatus[] = [
  'pending',
  'running',
  'waiting',
  'paused',
  'blocked',
  'completed',
  'failed',
  'cancelled',
];

export function listCommand(cli: Cli): Command {
  return withTarget(
    command('list', 'list runs, the newest first', [
      ['pawl list --status failed --since 24h', 'what failed in the last 24 hours'],
      ['pawl list --workflow nightly --limit 5', 'the last five of a workflow'],
      ["pawl list --json | jq -r '.items[].id'", 'for scripts'],
    ]),
  )
    .addOption(new Option('-s, --status <status>', 'only runs in this status').choices(statuses))
    .option('-w, --workflow <name>', 'only runs of this workflow')
    .option('--correlation <id>', 'only runs with this correlation id')
    .option('--since <time>', 'created from then on: ISO 8601, or a duration back from now like 2h')
    .option('--until <time>', 'created before then: the same forms')
    .option('-n, --limit <number>', 'at most so many', wholeNumber(1, 200), 50)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .option('--json', 'print one JSON object: { items, cursor? }')
    .action(act(cli, (flags: ListFlags) => list(cli, flags)));
}

async function list(cli: Cli, flags: ListFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const query = queryOf(cli, flags);
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const page = await connection.api.listRuns(query);
    if (flags.json) {
      terminal.out(JSON.stringify(page));
      return exitCode.ok;
    }
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (page.items.length === 0) terminal.err('There are no such runs.');
    else for (const line of runList(page.items, cli.now(), canvas)) terminal.out(line);
    for (const id of page.unreadable ?? []) terminal.err(`Run ${id} cannot be read: pawl show ${id} says why.`);
    if (page.cursor !== undefined) terminal.err(`There are more: --cursor ${page.cursor}`);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

function queryOf(cli: Cli, flags: ListFlags): ListRunsQuery {
  const createdFrom = flags.since === undefined ? undefined : timeOf(cli, flags.since, '--since');
  const createdBefore = flags.until === undefined ? undefined : timeOf(cli, flags.until, '--until');
  return {
    limit: flags.limit,
    ...(flags.status !== undefined && { status: flags.status }),
    ...(flags.workflow !== undefined && { workflow: flags.workflow }),
    ...(flags.correlation !== undefined && { correlationId: flags.correlation }),
    ...(flags.cursor !== undefined && { cursor: flags.cursor }),
    ...(createdFrom !== undefined && { createdFrom }),
    ...(createdBefore !== undefined && { createdBefore }),
  };
}

function timeOf(cli: Cli, text: string, option: string): string {
  if (/^\d{4}-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const unitMs = units[unit];
  if (unitMs !== undefined) return new Date(cli.now() - Number(amount) * unitMs).toISOString();
  throw new Complaint(`${option} ${text} is neither a time nor a duration`, {
    advice: ['Write it like 2026-03-01, 2026-03-01T09:00:00Z, 30m, 2h or 7d.'],
  });
}
