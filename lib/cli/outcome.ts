import type { RunView } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { humanDuration } from './render/duration.ts';
import { errorLines } from './render/run-head.ts';
import { glyphOf, paintOf } from './render/status.ts';
import { clean } from './render/text.ts';
import { millis } from './render/time.ts';

export interface OutcomeOptions {
  json: boolean;
  verbose: boolean;
}

/** Ends a command that followed a run: the output or the run's JSON on standard output, what else is to be said beside it. */
export function reportOutcome({ terminal, now }: Cli, run: RunView, { json, verbose }: OutcomeOptions): ExitCode {
  const canvas = { width: terminal.errWidth(), colors: terminal.errColors };
  const paint = paintOf(run.status, terminal.errColors);
  const lasted = humanDuration((millis(run.closedAt) ?? now()) - (millis(run.createdAt) ?? now()));
  terminal.err(
    `${paint(`${glyphOf(run.status)} ${run.status}`)} run ${clean(run.id)} of ${run.workflow}, after ${lasted}`,
  );
  if (run.unawaited !== undefined && run.unawaited.length > 0) {
    terminal.err(`Not awaited, and not ended: ${clean(run.unawaited.join(', '))}`);
  }
  if (run.blocked !== undefined) {
    terminal.err(`${terminal.errColors.red(`Blocked (${clean(run.blocked.code)}):`)} ${clean(run.blocked.message)}`);
  }
  if (run.error !== undefined) for (const line of errorLines(run.error, canvas, verbose)) terminal.err(line);
  if (json) terminal.out(JSON.stringify(run));
  else if (run.status === 'completed') terminal.out(JSON.stringify(run.output ?? null, null, 2));
  return run.status === 'completed' ? exitCode.ok : exitCode.failed;
}
