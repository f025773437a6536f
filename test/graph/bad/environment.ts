import { type BadGraph, tasks } from './bad-graph.ts';

export const environment: BadGraph[] = [
  {
    title: 'a handler that is not registered',
    text: tasks(`
      - { id: a, type: executor, handler: fetchOrder }
    `),
    problems: ['3:39 tasks[0].handler: there is no handler "fetchOrder" (did you mean "fetchOrders"?)'],
  },
  {
    title: 'a handler of a compensation',
    text: tasks(`
      - { id: a, type: executor, handler: h, compensate: { handler: undo } }
    `),
    problems: ['3:65 tasks[0].compensate.handler: there is no handler "undo" (there are fetchOrders, checkOrder, h)'],
  },
  {
    title: 'a function where there are none',
    text: tasks(`
      - { id: a, type: executor, lambda: "arn:aws:lambda:eu-west-1:1:function:resize:live" }
    `),
    problems: [
      '3:38 tasks[0].lambda: the function "arn:aws:lambda:eu-west-1:1:function:resize:live": this deployment offers no Lambda functions (register a handler named "resize" to stand in for it)',
    ],
  },
  {
    title: 'a queue where there is none',
    text: tasks(`
      - { id: a, type: executor, queue: "https://sqs.eu-west-1.amazonaws.com/1/approvals" }
    `),
    problems: [
      '3:37 tasks[0].queue: the queue "https://sqs.eu-west-1.amazonaws.com/1/approvals": this deployment offers no queues (register a handler named "approvals" to stand in for it)',
    ],
  },
  {
    title: 'a host that is not allowed',
    text: tasks(`
      - { id: a, type: executor, http: { url: "https://evil.example.com/x" } }
    `),
    problems: [
      '3:43 tasks[0].http.url: this deployment allows no HTTP calls to evil.example.com (allowed are api.example.com)',
    ],
  },
  {
    title: 'a workflow that there is not',
    text: tasks(`
      - { id: a, type: sub_workflow, workflow: biling }
    `),
    problems: ['3:44 tasks[0].workflow: there is no workflow "biling" (did you mean "billing"?)'],
  },
  {
    title: 'a version that there is not',
    text: tasks(`
      - { id: a, type: sub_workflow, workflow: billing, version: 3 }
    `),
    problems: ['3:62 tasks[0].version: the workflow "billing" has no version 3 (there are 1, 2)'],
  },
];
