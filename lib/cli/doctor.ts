import type { Command } from 'commander';
import type { HealthView } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withTarget } from './command-options.ts';
import type { Check } from './examine.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { checkList } from './render/check-list.ts';

interface DoctorFlags extends TargetFlags {
  json?: boolean;
  /** Seconds. */
  longest: number;
}

export function doctorCommand(cli: Cli): Command {
  return withTarget(
    command('doctor', 'look whether Pawl can do its work, and say what to do if not', [
      ['pawl doctor', 'exit code 1 if something is critical'],
      [`pawl doctor --json | jq .status`, 'healthy, warning, critical or unhealthy'],
      ['pawl doctor --url https://pawl.example.com', 'a server'],
    ]),
  )
    .option('--longest <seconds>', 'how long reading all data may take', wholeNumber(1, 86_400), 60)
    .option('--json', 'print one JSON object: { status, checks }')
    .action(act(cli, (flags: DoctorFlags) => doctor(cli, flags)));
}

const severity: HealthView['status'][] = ['healthy', 'warning', 'critical', 'unhealthy'];

async function doctor(cli: Cli, flags: DoctorFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const { examine } = await import('./examine.ts');
  const checks: Check[] = await examine(cli, flags, flags.longest * 1_000);
  const worst = Math.max(...checks.map(({ status }) => severity.indexOf(status)));
  const status = severity[worst] ?? 'unhealthy';
  if (flags.json) terminal.out(JSON.stringify({ status, checks }));
  else {
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    for (const line of checkList(status, checks, canvas)) terminal.out(line);
  }
  return status === 'healthy' || status === 'warning' ? exitCode.ok : exitCode.failed;
}
