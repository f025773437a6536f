/** Who does the work of a task, and how often it is tried. */
import { choice } from './choice.ts';
import { object, optional, required } from './object.ts';
import { decimal, entriesOf, listOf, name, text, wholeNumber } from './shape.ts';
import { template, textTemplate } from './templates.ts';
import { duration, span } from './time.ts';

export const errorName = text({ words: 'the name of an error', maxChars: 128 });

export const retry = object(
  {
    attempts: optional(wholeNumber(1, 1_000), 'Attempts in all; 1 is no retry.', '3'),
    initial: optional(duration, 'Delay before the second attempt.', '500ms'),
    factor: optional(decimal(1, 1_000), 'Growth from delay to delay.', '2'),
    max: optional(duration, 'The longest delay.', '1m, or `initial` where that is longer'),
    jitter: optional(decimal(0, 1), 'Share of each delay that is random.', '0.2'),
    errors: optional(
      listOf(errorName, { words: 'a list of names of errors', min: 1 }),
      'The only errors that are worth another attempt.',
      'all errors',
    ),
    except: optional(
      listOf(errorName, { words: 'a list of names of errors', min: 1 }),
      'Errors that are not worth another attempt.',
    ),
  },
  { title: 'a retry policy', definition: 'retry' },
);

const http = object(
  {
    url: required(textTemplate, 'Where to; `https` or `http`, to a host that the deployment allows.'),
    method: optional(
      choice({ GET: '', HEAD: '', POST: '', PUT: '', PATCH: '', DELETE: '' }),
      'The method.',
      '`POST` if the task has an `input`, else `GET`',
    ),
    headers: optional(entriesOf(textTemplate, { words: 'an object of headers' }), 'Headers of the request.'),
    query: optional(
      entriesOf(template, { words: 'an object of query parameters' }),
      'Query parameters, which are encoded and put behind the URL; those that are absent are left out.',
    ),
    maxResponseBytes: optional(wholeNumber(1, 64 * 1024 * 1024), 'The longest response body, in bytes.', '1 MiB'),
  },
  { title: 'an HTTP call', definition: 'http' },
);

const handler = optional(
  name({ words: 'the name of a handler', maxChars: 128 }),
  'A function that the workflows entry exports by `handlers({ … })`.',
);
const lambda = optional(name({ words: 'the name or ARN of a Lambda function' }), 'A Lambda function, by name or ARN.');
export const targets = {
  handler,
  http: optional(http, 'An HTTP call; `input` is the body, as JSON. Its result is `{ status, headers, body }`.'),
  lambda,
};

export const compensation = object(
  {
    ...targets,
    input: optional(template, "What it is given; `$result` is the task's output.", "the task's output"),
    retry: optional(retry, 'How often it is tried.', '10 attempts, from 1s up to 5m'),
    timeout: optional(span, 'Of one attempt.', 'none'),
  },
  { title: 'a compensation', definition: 'compensation', exactlyOne: [['handler', 'http', 'lambda']] },
);
