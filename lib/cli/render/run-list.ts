import type { RunSummary } from '../../service/api.ts';
import { humanDuration } from './duration.ts';
import { glyphOf, paintOf } from './status.ts';
import { type Canvas, table } from './table.ts';
import { localTime, millis } from './time.ts';

export function runList(runs: RunSummary[], now: number, canvas: Canvas): string[] {
  const withKey = runs.some((run) => run.key !== undefined);
  const withCorrelation = runs.some((run) => run.correlationId !== undefined);
  return table(
    [
      { title: 'RUN' },
      { title: 'WORKFLOW', shrinkTo: 12 },
      { title: 'STATUS' },
      { title: 'CREATED' },
      { title: 'TIME', align: 'right' },
      ...(withKey ? [{ title: 'KEY', shrinkTo: 8 }] : []),
      ...(withCorrelation ? [{ title: 'CORRELATION', shrinkTo: 8 }] : []),
    ],
    runs.map((run) => [
      { text: run.id },
      { text: `${run.workflow} v${run.version}` },
      { text: `${glyphOf(run.status)} ${run.status}`, paint: paintOf(run.status, canvas.colors) },
      { text: localTime(run.createdAt) },
      { text: humanDuration((millis(run.closedAt) ?? now) - (millis(run.createdAt) ?? now)) },
      ...(withKey ? [{ text: run.key ?? '' }] : []),
      ...(withCorrelation ? [{ text: run.correlationId ?? '' }] : []),
    ]),
    canvas,
  );
}
