/** The fields of a graph, and what the language is called. */
import { choice } from './choice.ts';
import { jsonSchema } from './json-schema-value.ts';
import { object, optional, required } from './object.ts';
import { listOf, text, wholeNumber } from './shape.ts';
import { taskList } from './tasks.ts';
import { template } from './templates.ts';
import { span } from './time.ts';
import { retry } from './work.ts';

const defaults = object(
  {
    retry: optional(retry, 'Of executors that say nothing of it; field by field.'),
    timeout: optional(span, 'Of one attempt of executors that say nothing of it.', 'none'),
  },
  { title: 'the defaults', definition: 'defaults' },
);

export const graphShape = object(
  {
    name: required(
      text({
        words: "a name of letters, digits, '.', '_' and '-', up to 128, the first a letter or digit",
        pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
      }),
      'The name of the workflow.',
    ),
    version: optional(wholeNumber(1, 1_000_000_000), 'A run keeps the version it began with.', '1'),
    description: optional(text({ words: 'a text', maxChars: 10_000 }), 'For people.'),
    category: optional(text({ words: 'a text', maxChars: 128 }), 'For people, to find it by.'),
    tags: optional(
      listOf(text({ words: 'a text', maxChars: 128 }), { words: 'a list of texts' }),
      'For people, to find it by.',
    ),
    inputSchema: optional(jsonSchema, 'Checked before a run is accepted.'),
    outputSchema: optional(jsonSchema, 'Checked before a run completes.'),
    timeout: optional(span, "From creation to the run's deadline.", '7d'),
    retention: optional(span, 'How long a settled run is kept.', '30d'),
    durability: optional(
      choice({
        each: 'an outcome is durable before the next effect',
        relaxed: 'outcomes wait up to 500ms, for work that may be repeated',
        none: 'nothing is written until the run waits or ends',
      }),
      'How soon outcomes are durable.',
      '`each`',
    ),
    concurrency: optional(
      wholeNumber(1, 10_000),
      'How many `executor` and `sub_workflow` tasks of one run are under way at once.',
      '100',
    ),
    defaults: optional(defaults, 'What tasks inherit.'),
    tasks: required(taskList, 'The tasks, in any order.'),
    output: optional(template, "The run's output.", 'that of the last tasks'),
  },
  { title: 'a graph' },
);
