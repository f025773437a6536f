import { type BadGraph, tasks } from './bad-graph.ts';

export const structure: BadGraph[] = [
  {
    title: 'a graph without name and tasks',
    text: 'version: 2\n',
    problems: [
      "1:1 \"name\" is missing in a graph (it is a name of letters, digits, '.', '_' and '-', up to 128, the first a letter or digit)",
      '1:1 "tasks" is missing in a graph (it is a list of tasks)',
    ],
  },
  {
    title: 'an unknown field of the graph',
    text: 'nmae: orders\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:1 nmae: there is no field "nmae" in a graph (did you mean "name"?)'],
  },
  {
    title: 'a name that is none',
    text: 'name: my orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: [
      "1:7 name: expected a name of letters, digits, '.', '_' and '-', up to 128, the first a letter or digit, found the text \"my orders\"",
    ],
  },
  {
    title: 'a version that is no number',
    text: 'version: one\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:10 version: expected a whole number from 1 to 1000000000, found the text "one"'],
  },
  {
    title: 'a version below 1',
    text: 'version: 0\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:10 version: expected a whole number from 1 to 1000000000, found the number 0'],
  },
  {
    title: 'no tasks',
    text: 'name: orders\ntasks: []\n',
    problems: ['2:8 tasks: there are no tasks in this list'],
  },
  {
    title: 'tasks that are an object',
    text: 'name: orders\ntasks: { a: 1 }\n',
    problems: ['2:8 tasks: expected a list of tasks, found an object'],
  },
  {
    title: 'a task that is a text',
    text: tasks(`
      - fetch
    `),
    problems: ['3:5 tasks[0]: expected a task, which is an object, found the text "fetch"'],
  },
  {
    title: 'a task without id',
    text: tasks(`
      - { type: executor, handler: h }
    `),
    problems: [
      '3:5 tasks[0]: "id" is missing in a task of type executor (it is an id of letters, digits and _, up to 64, the first a letter)',
    ],
  },
  {
    title: 'a task without type',
    text: tasks(`
      - { id: a, handler: h }
    `),
    problems: ['3:5 tasks[0]: "type" is missing in a task (write type: executor)'],
  },
  {
    title: 'a task without type that shows nothing',
    text: tasks(`
      - { id: a }
    `),
    problems: [
      '3:5 tasks[0]: "type" is missing in a task (types are executor, condition, parallel, sequential, map, sub_workflow, wait, signal, transform, fail, succeed)',
    ],
  },
  {
    title: 'an unknown type',
    text: tasks(`
      - { id: a, type: executer, handler: h }
    `),
    problems: ['3:20 tasks[0].type: there is no task type "executer" (did you mean "executor"?)'],
  },
  {
    title: 'a type that is no text',
    text: tasks(`
      - { id: a, type: 3 }
    `),
    problems: [
      '3:20 tasks[0].type: expected a task type, found the number 3 (types are executor, condition, parallel, sequential, map, sub_workflow, wait, signal, transform, fail, succeed)',
    ],
  },
  {
    title: 'an id with a dash',
    text: tasks(`
      - { id: fetch-orders, type: executor, handler: h }
    `),
    problems: [
      '3:11 tasks[0].id: expected an id of letters, digits and _, up to 64, the first a letter, found the text "fetch-orders" (so that expressions can name it: $tasks.<id>.output)',
    ],
  },
  {
    title: 'an unknown field',
    text: tasks(`
      - { id: a, type: executor, handler: h, dependson: [] }
    `),
    problems: [
      '3:42 tasks[0].dependson: there is no field "dependson" in a task of type executor (did you mean "dependsOn"?)',
    ],
  },
  {
    title: 'a field of another type',
    text: tasks(`
      - { id: a, type: executor, handler: h, cases: [] }
    `),
    problems: [
      '3:42 tasks[0].cases: there is no field "cases" in a task of type executor ("cases" belongs to tasks of type condition)',
    ],
  },
  {
    title: 'a duration in words',
    text: tasks(`
      - { id: a, type: executor, handler: h, timeout: 5 minutes }
    `),
    problems: [
      '3:51 tasks[0].timeout: expected a duration like "500ms", "30s", "5m", "2h", "7d", or milliseconds, found the text "5 minutes"',
    ],
  },
  {
    title: 'a timeout of nothing',
    text: tasks(`
      - { id: a, type: executor, handler: h, timeout: 0 }
    `),
    problems: ['3:51 tasks[0].timeout: expected a duration of more than 0'],
  },
  {
    title: 'a moment without a zone',
    text: tasks(`
      - { id: a, type: wait, until: "2030-01-31T08:00:00" }
    `),
    problems: [
      '3:33 tasks[0].until: expected a moment in ISO 8601 with a zone, like "2030-01-31T08:00:00Z", found the text "2030-01-31T08:00:00"',
    ],
  },
  {
    title: 'a moment that there is not',
    text: tasks(`
      - { id: a, type: wait, until: "2030-13-31T08:00:00Z" }
    `),
    problems: [
      '3:33 tasks[0].until: expected a moment in ISO 8601 with a zone, like "2030-01-31T08:00:00Z", found the text "2030-13-31T08:00:00Z"',
    ],
  },
  {
    title: 'a join rule that is none',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h, dependsOn: [a], join: all_success }
    `),
    problems: [
      '4:64 tasks[1].join: expected "all_succeeded", "none_failed", "any_succeeded" or "all_done", found the text "all_success" (did you mean "all_succeeded"?)',
    ],
  },
  {
    title: 'a priority that is no whole number',
    text: tasks(`
      - { id: a, type: executor, handler: h, priority: high }
    `),
    problems: ['3:52 tasks[0].priority: expected a whole number from -1000 to 1000, found the text "high"'],
  },
  {
    title: 'dependsOn that is a text',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h, dependsOn: a }
    `),
    problems: ['4:53 tasks[1].dependsOn: expected a list of ids of tasks, found the text "a"'],
  },
  {
    title: 'a truth value that is a text',
    text: tasks(`
      - { id: a, type: executor, handler: h, atMostOnce: "yes" }
    `),
    problems: ['3:54 tasks[0].atMostOnce: expected true or false, found the text "yes"'],
  },
  {
    title: 'too many attempts',
    text: tasks(`
      - { id: a, type: executor, handler: h, retry: { attempts: 0 } }
    `),
    problems: ['3:61 tasks[0].retry.attempts: expected a whole number from 1 to 1000, found the number 0'],
  },
  {
    title: 'an unknown field of a retry policy',
    text: tasks(`
      - { id: a, type: executor, handler: h, retry: { tries: 3 } }
    `),
    problems: [
      '3:51 tasks[0].retry.tries: there is no field "tries" in a retry policy (there are attempts, initial, factor, max, jitter, errors, except)',
    ],
  },
  {
    title: 'a factor that shrinks',
    text: tasks(`
      - { id: a, type: executor, handler: h, retry: { factor: 0.5 } }
    `),
    problems: ['3:59 tasks[0].retry.factor: expected a number from 1 to 1000, found the number 0.5'],
  },
  {
    title: 'no executor',
    text: tasks(`
      - { id: a, type: executor }
    `),
    problems: ['3:5 tasks[0]: a task of type executor needs "handler", "http", "lambda" or "queue"'],
  },
  {
    title: 'two executors',
    text: tasks(`
      - { id: a, type: executor, handler: h, lambda: b }
    `),
    problems: [
      '3:42 tasks[0].lambda: a task of type executor has "handler" and "lambda" (exactly one of "handler", "http", "lambda" or "queue" stands there)',
      '3:50 tasks[0].lambda: the function "b": this deployment offers no Lambda functions (register a handler named "b" to stand in for it)',
    ],
  },
  {
    title: 'a queue that compensates',
    text: tasks(`
      - { id: a, type: executor, handler: h, compensate: { queue: undo } }
    `),
    problems: [
      '3:54 tasks[0].compensate: a compensation needs "handler", "http" or "lambda"',
      '3:56 tasks[0].compensate.queue: there is no field "queue" in a compensation (there are handler, http, lambda, input, retry, timeout)',
    ],
  },
  {
    title: 'a wait for nothing',
    text: tasks(`
      - { id: a, type: wait }
    `),
    problems: ['3:5 tasks[0]: a task of type wait needs "duration" or "until"'],
  },
  {
    title: 'a wait for two things',
    text: tasks(`
      - { id: a, type: wait, duration: 1s, until: "2030-01-31" }
    `),
    problems: [
      '3:40 tasks[0].until: a task of type wait has "duration" and "until" (exactly one of "duration" or "until" stands there)',
    ],
  },
  {
    title: 'a condition without cases',
    text: tasks(`
      - { id: a, type: condition }
    `),
    problems: ['3:5 tasks[0]: "cases" is missing in a task of type condition (it is a list of cases)'],
  },
  {
    title: 'a condition with no case',
    text: tasks(`
      - { id: a, type: condition, cases: [] }
    `),
    problems: ['3:38 tasks[0].cases: expected a list of cases, found an empty list'],
  },
  {
    title: 'a case without condition',
    text: tasks(`
      - { id: a, type: condition, cases: [{ then: b }] }
      - { id: b, type: executor, handler: h }
    `),
    problems: [
      '3:39 tasks[0].cases[0]: "when" is missing in a case (it is an expression like "{% $input.total > 100 %}")',
    ],
  },
  {
    title: 'a condition that is no expression',
    text: tasks(`
      - { id: a, type: executor, handler: h, when: true }
    `),
    problems: [
      '3:48 tasks[0].when: expected an expression like "{% $input.total > 100 %}", found the truth value true',
    ],
  },
  {
    title: 'a map without items',
    text: tasks(`
      - { id: a, type: map, tasks: [{ id: b, type: transform, output: 1 }] }
    `),
    problems: [
      '3:5 tasks[0]: "items" is missing in a task of type map (it is any value, with expressions at its leaves)',
    ],
  },
  {
    title: 'a container without tasks',
    text: tasks(`
      - { id: a, type: parallel, tasks: [] }
    `),
    problems: ['3:37 tasks[0].tasks: there are no tasks in this list'],
  },
  {
    title: 'a sub-workflow without its name',
    text: tasks(`
      - { id: a, type: sub_workflow }
    `),
    problems: ['3:5 tasks[0]: "workflow" is missing in a task of type sub_workflow (it is the name of a workflow)'],
  },
  {
    title: 'a fail without its error',
    text: tasks(`
      - { id: a, type: fail }
    `),
    problems: ['3:5 tasks[0]: "error" is missing in a task of type fail (it is the name of an error)'],
  },
  {
    title: 'a catch on a fail',
    text: tasks(`
      - { id: a, type: fail, error: E, catch: { "*": b } }
      - { id: b, type: executor, handler: h }
    `),
    problems: [
      '3:36 tasks[0].catch: there is no field "catch" in a task of type fail ("catch" belongs to tasks of type executor, condition, parallel, sequential, map, sub_workflow, wait, signal, transform)',
    ],
  },
  {
    title: 'a method that is none',
    text: tasks(`
      - { id: a, type: executor, http: { url: "https://api.example.com", method: FETCH } }
    `),
    problems: [
      '3:78 tasks[0].http.method: expected "GET", "HEAD", "POST", "PUT", "PATCH" or "DELETE", found the text "FETCH" (did you mean "PATCH"?)',
    ],
  },
  {
    title: 'a URL that is none',
    text: tasks(`
      - { id: a, type: executor, http: { url: "api.example.com/orders" } }
    `),
    problems: ['3:43 tasks[0].http.url: the URL is not one of http or https (as in "https://example.com/orders")'],
  },
  {
    title: 'a body of a GET',
    text: tasks(`
      - { id: a, type: executor, http: { url: "https://api.example.com", method: GET }, input: 1 }
    `),
    problems: [
      '3:85 tasks[0].input: a GET request has no body, so that "input" goes nowhere (use "query" of the HTTP call, or another method)',
    ],
  },
  {
    title: 'heartbeats of a function',
    text: tasks(`
      - { id: a, type: executor, lambda: h, heartbeatTimeout: 5s }
    `),
    problems: [
      '3:41 tasks[0].heartbeatTimeout: "heartbeatTimeout" is for handlers: nobody else gives heartbeats (use "timeout")',
    ],
  },
  {
    title: 'a durability that is none',
    text: 'durability: fast\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:13 durability: expected "each", "relaxed" or "none", found the text "fast"'],
  },
];
