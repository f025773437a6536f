import { functionNames } from '../expressions/functions.ts';
import { type GraphLimit, graphLimitMeanings, graphLimits } from '../limits.ts';
import { graphShape } from './graph-language.ts';
import type { Field, Fields, ObjectShape } from './object.ts';
import { caseShape, taskTypeNames, taskTypes, typeMeanings } from './tasks.ts';
import { compensation, retry } from './work.ts';

/** The page with every field of graphs, in Markdown; made from what the parser reads by. */
export function graphReference(): string {
  const { http } = taskTypes.executor.fields;
  const common = commonFields();
  return [
    '# The language of task graphs: reference',
    '',
    'Made from the language itself; [graphs.md](graphs.md) shows it by example.',
    '',
    '## A graph',
    '',
    ...table(graphShape.fields),
    '### `defaults`',
    '',
    ...table(fieldsBehind(graphShape.fields.defaults)),
    '## A task',
    '',
    '| type | what it does |',
    '| --- | --- |',
    ...taskTypeNames.map((type) => `| [\`${type}\`](#${type}) | ${typeMeanings[type]} |`),
    '',
    'Every task has:',
    '',
    ...table(
      Object.fromEntries(common.map((name) => [name, (taskTypes.executor.fields as Fields)[name] as Field<unknown>])),
    ),
    ...taskTypeNames.flatMap((type) => typeSection(type, common)),
    '## Parts of tasks',
    '',
    '### `retry`',
    '',
    ...table(retry.fields),
    '### `compensate`',
    '',
    ...oneOf(compensation),
    ...table(compensation.fields),
    '### `http`',
    '',
    ...table(fieldsBehind(http)),
    '### `cases`',
    '',
    ...table(caseShape.fields),
    '## Functions of expressions',
    '',
    `${functionNames.map((name) => `\`$${name}\``).join(', ')}.`,
    '',
    '## Limits',
    '',
    'A problem or an error that comes from a limit says its name.',
    '',
    '| limit | | bounds |',
    '| --- | --- | --- |',
    ...Object.entries(graphLimits).map(([name, value]) => {
      return `| \`${name}\` | ${value.toLocaleString('en')} | ${graphLimitMeanings[name as GraphLimit]} |`;
    }),
    '',
  ].join('\n');
}

function commonFields(): string[] {
  const [first = [], ...others] = taskTypeNames.map((type) => Object.keys(taskTypes[type].fields));
  return first.filter((name) => others.every((names) => names.includes(name)));
}

function typeSection(type: (typeof taskTypeNames)[number], common: string[]): string[] {
  const shape: ObjectShape<Fields> = taskTypes[type];
  const own = Object.fromEntries(Object.entries(shape.fields).filter(([name]) => !common.includes(name)));
  return [
    `### \`${type}\``,
    '',
    `${typeMeanings[type].replace(/^./, (letter) => letter.toUpperCase())}.`,
    '',
    ...oneOf(shape),
    ...table(own),
  ];
}

function oneOf({ exactlyOne }: Pick<ObjectShape<Fields>, 'exactlyOne'>): string[] {
  return exactlyOne.flatMap((group) => [`Exactly one of ${group.map((name) => `\`${name}\``).join(', ')}.`, '']);
}

function table(fields: Fields): string[] {
  return [
    '| field | value | |',
    '| --- | --- | --- |',
    ...Object.entries(fields).map(([name, field]) => {
      const { doc, otherwise, shape, required } = field;
      const note = required ? ' Required.' : otherwise === undefined ? '' : ` Default: ${otherwise}.`;
      return `| \`${name}\` | ${shape.noun ?? shape.words} | ${doc}${note} |`;
    }),
    '',
  ];
}

/** The fields of the object that a field holds. */
function fieldsBehind({ shape }: Field<unknown>): Fields {
  return (shape as Partial<ObjectShape<Fields>>).fields ?? {};
}
