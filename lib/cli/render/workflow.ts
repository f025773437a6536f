import type {
  ActiveVersion,
  WorkflowChange,
  WorkflowDetail,
  WorkflowDiff,
  WorkflowVersionView,
  WorkflowView,
} from '../../service/api.ts';
import { type Canvas, table } from './table.ts';
import { clean, padEnd } from './text.ts';
import { localTime } from './time.ts';

/** `version 4`, `version 3 (90 %) or version 4 (10 %)`. */
export function activeInWords(active: ActiveVersion[]): string {
  if (active.length === 0) return 'nothing: the workflow is deactivated';
  if (active.length === 1) return `version ${active[0]?.version}`;
  return active.map(({ version, weight }) => `version ${version} (${weight} %)`).join(' or ');
}

/** `4`, `3 90%, 4 10%`. */
function activeShort(active: ActiveVersion[]): string {
  if (active.length === 0) return 'none';
  if (active.length === 1) return String(active[0]?.version);
  return active.map(({ version, weight }) => `${version} ${weight}%`).join(', ');
}

/** Columns that only registered workflows fill are there if there are any. */
export function workflowList(workflows: WorkflowView[], canvas: Canvas): string[] {
  const anyGraph = workflows.some(({ kind }) => kind === 'graph');
  return table(
    [
      { title: 'WORKFLOW' },
      { title: anyGraph ? 'ACTIVE' : 'VERSION', align: 'right' },
      ...(anyGraph ? [{ title: 'LATEST', align: 'right' as const }, { title: 'KIND' }, { title: 'REGISTERED' }] : []),
      { title: 'INPUT', shrinkTo: 20 },
    ],
    workflows.map(({ name, kind, active, latest, registeredAt, registeredBy, input }) => [
      { text: name },
      { text: activeShort(active), ...(active.length === 0 && { paint: canvas.colors.yellow }) },
      ...(anyGraph
        ? [{ text: String(latest) }, { text: kind }, { text: registered({ registeredAt, registeredBy }) }]
        : []),
      { text: inputOf(input), paint: canvas.colors.dim },
    ]),
    canvas,
  );
}

function registered({
  registeredAt,
  registeredBy,
}: {
  registeredAt?: string | undefined;
  registeredBy?: string | undefined;
}): string {
  if (registeredAt === undefined) return '';
  return `${localTime(registeredAt)}${registeredBy === undefined ? '' : ` by ${registeredBy}`}`;
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

export function workflowPage(workflow: WorkflowDetail, canvas: Canvas): string[] {
  const { name, kind, active, latest, description, input, versions } = workflow;
  const inputs = inputOf(input);
  const fields: [string, string][] = [
    ['kind', kind === 'code' ? 'code, changed by a deployment' : 'graph, changed without a deployment'],
    ['new runs get', activeInWords(active)],
    ['latest', `version ${latest}`],
    ...(inputs === '' ? [] : [['input', inputs] as [string, string]]),
  ];
  const width = Math.max(...fields.map(([title]) => title.length));
  return [
    canvas.colors.bold(clean(name)),
    ...(description === undefined ? [] : [clean(description)]),
    ...fields.map(([title, value]) => `  ${canvas.colors.dim(padEnd(title, width))}  ${clean(value)}`),
    '',
    ...table(
      [{ title: 'VERSION', align: 'right' }, { title: 'ACTIVE', align: 'right' }, { title: 'REGISTERED' }],
      versions.map(({ version, ...record }) => [
        { text: String(version) },
        { text: weightOf(active, version), paint: canvas.colors.green },
        { text: registered(record) },
      ]),
      canvas,
    ),
  ];
}

function weightOf(active: ActiveVersion[], version: number): string {
  const found = active.find((each) => each.version === version);
  return found === undefined ? '' : `${found.weight}%`;
}

export function versionHead({ name, version, source, ...record }: WorkflowVersionView): string {
  if (source === undefined) return `Version ${version} of ${name} is code: there is no text of it here`;
  return `Version ${version} of ${clean(name)}, registered ${clean(registered(record))}`;
}

const changeWords: Record<WorkflowChange['type'], string> = {
  registered: 'registered',
  activated: 'activated',
  rolled_back: 'rolled back',
  deactivated: 'deactivated',
};

export function changeTable(changes: WorkflowChange[], canvas: Canvas): string[] {
  return table(
    [
      { title: 'NO', align: 'right' },
      { title: 'AT' },
      { title: 'CHANGE' },
      { title: 'ACTIVE SINCE' },
      { title: 'BY', shrinkTo: 8 },
    ],
    changes.map(({ number, at, type, version, active, by }) => [
      { text: String(number), paint: canvas.colors.dim },
      { text: localTime(at) },
      { text: version === undefined ? changeWords[type] : `${changeWords[type]} version ${version}` },
      { text: activeShort(active) },
      { text: by ?? '' },
    ]),
    canvas,
  );
}

export function diffLines({ name, from, to, tasks, hunks }: WorkflowDiff, { colors }: Canvas): string[] {
  const paints: Record<string, (text: string) => string> = { '-': colors.red, '+': colors.green };
  const lines = hunks.flatMap((hunk) => [
    colors.cyan(`@@ line ${hunk.from} of version ${from}, line ${hunk.to} of version ${to} @@`),
    ...hunk.lines.map((line) => (paints[line[0] ?? ''] ?? String)(clean(line))),
  ]);
  const words = (['added', 'removed', 'changed'] as const)
    .filter((how) => tasks[how].length > 0)
    .map((how) => `${how}: ${tasks[how].join(', ')}`);
  const summary = words.length === 0 ? 'no task differs' : `tasks ${words.join('; ')}`;
  return [`${clean(name)}, version ${from} to version ${to}: ${summary}`, ...lines];
}
