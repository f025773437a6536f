import type { RunSummary, WorkflowView } from '../../service/api.ts';
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

export function workflowList(workflows: WorkflowView[], canvas: Canvas): string[] {
  return table(
    [{ title: 'WORKFLOW' }, { title: 'VERSION', align: 'right' }, { title: 'INPUT', shrinkTo: 20 }],
    workflows.map(({ name, version, input }) => [
      { text: name },
      { text: String(version) },
      { text: inputOf(input), paint: canvas.colors.dim },
    ]),
    canvas,
  );
}

/** The first level of a JSON Schema, in a form that fits a line. */
function inputOf(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null) return '';
  const { properties, required, type } = schema as { properties?: unknown; required?: unknown; type?: unknown };
  if (typeof properties !== 'object' || properties === null) return typeof type === 'string' ? type : '';
  const needed: unknown[] = Array.isArray(required) ? required : [];
  const fields = Object.entries(properties).map(([name, field]: [string, unknown]) => {
    const kind = typeof field === 'object' && field !== null && 'type' in field ? `: ${String(field.type)}` : '';
    return `${name}${needed.includes(name) ? '' : '?'}${kind}`;
  });
  return `{ ${fields.join(', ')} }`;
}
