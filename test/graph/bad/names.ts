import { type BadGraph, tasks } from './bad-graph.ts';

export const names: BadGraph[] = [
  {
    title: 'an id twice',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h }
      - { id: a, type: executor, handler: h }
    `),
    problems: ['5:11 tasks[2].id: there is a second task with the id "a" (the first is in line 3)'],
  },
  {
    title: 'an id twice, in a container',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: p, type: parallel, tasks: [{ id: a, type: transform, output: 1 }] }
    `),
    problems: ['4:44 tasks[1].tasks[0].id: there is a second task with the id "a" (the first is in line 3)'],
  },
  {
    title: 'a dependency that there is not',
    text: tasks(`
      - { id: fetch, type: executor, handler: h }
      - { id: b, type: executor, handler: h, dependsOn: [fech] }
    `),
    problems: ['4:54 tasks[1].dependsOn[0]: "dependsOn" names "fech", which is no task (did you mean "fetch"?)'],
  },
  {
    title: 'a dependency inside of a container',
    text: tasks(`
      - { id: p, type: parallel, tasks: [{ id: a, type: transform, output: 1 }] }
      - { id: b, type: executor, handler: h, dependsOn: [a] }
    `),
    problems: [
      '4:54 tasks[1].dependsOn[0]: "dependsOn" names "a", which stands inside of "p": it names tasks of its own list (name "p")',
    ],
  },
  {
    title: 'a dependency outside of the container',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: p, type: parallel, tasks: [{ id: b, type: transform, output: 1, dependsOn: [a] }] }
    `),
    problems: [
      '4:87 tasks[1].tasks[0].dependsOn[0]: "dependsOn" names "a", which stands at the top: it names tasks of its own list (let "p" depend on it: what is inside begins after that)',
    ],
  },
  {
    title: 'a dependency twice',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h, dependsOn: [a, a] }
    `),
    problems: ['4:57 tasks[1].dependsOn[1]: "dependsOn" names "a" twice (keep one of them)'],
  },
  {
    title: 'a case that leads nowhere',
    text: tasks(`
      - { id: a, type: condition, cases: [{ when: "{% true %}", then: b }], otherwise: c }
      - { id: b, type: executor, handler: h }
    `),
    problems: ['3:84 tasks[0].otherwise: "otherwise" names "c", which is no task'],
  },
  {
    title: 'a catch that leads nowhere',
    text: tasks(`
      - { id: a, type: executor, handler: h, catch: { Declined: refund } }
    `),
    problems: ['3:61 tasks[0].catch.Declined: "catch" names "refund", which is no task'],
  },
  {
    title: 'a timeout that leads to two places',
    text: tasks(`
      - { id: a, type: signal, timeout: 1h, onTimeout: b, catch: { TimeoutError: b } }
      - { id: b, type: executor, handler: h }
    `),
    problems: [
      '3:52 tasks[0].onTimeout: "onTimeout" and "catch" both say where a TimeoutError leads (keep one of them)',
    ],
  },
  {
    title: 'a cycle',
    text: tasks(`
      - { id: a, type: executor, handler: h, dependsOn: [c] }
      - { id: b, type: executor, handler: h, dependsOn: [a] }
      - { id: c, type: executor, handler: h, dependsOn: [b] }
    `),
    problems: ['3:54 tasks[0].dependsOn[0]: tasks wait for each other: a → c → b → a (each waits for the next)'],
  },
  {
    title: 'a task that waits for itself',
    text: tasks(`
      - { id: a, type: executor, handler: h, dependsOn: [a] }
    `),
    problems: ['3:54 tasks[0].dependsOn[0]: tasks wait for each other: a → a (each waits for the next)'],
  },
  {
    title: 'two cycles',
    text: tasks(`
      - { id: a, type: executor, handler: h, dependsOn: [b] }
      - { id: b, type: executor, handler: h, dependsOn: [a] }
      - { id: c, type: executor, handler: h, dependsOn: [d] }
      - { id: d, type: executor, handler: h, dependsOn: [c] }
    `),
    problems: [
      '3:54 tasks[0].dependsOn[0]: tasks wait for each other: a → b → a (each waits for the next)',
      '5:54 tasks[2].dependsOn[0]: tasks wait for each other: c → d → c (each waits for the next)',
    ],
  },
  {
    title: 'a catch that leads back',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h, dependsOn: [a], catch: { "*": a } }
    `),
    problems: [
      '4:72 tasks[1].catch.*: tasks wait for each other: a → b → a (a chosen task waits for the one that chooses it; to do something again, use "retry" or a map)',
    ],
  },
  {
    title: 'a cycle inside of a container',
    text: tasks(`
      - id: p
        type: parallel
        tasks:
          - { id: a, type: transform, output: 1, dependsOn: [b] }
          - { id: b, type: transform, output: 1, dependsOn: [a] }
    `),
    problems: ['6:58 tasks[0].tasks[0].dependsOn[0]: tasks wait for each other: a → b → a (each waits for the next)'],
  },
  {
    title: 'a sequence against its order',
    text: tasks(`
      - id: p
        type: sequential
        tasks:
          - { id: a, type: transform, output: 1, dependsOn: [b] }
          - { id: b, type: transform, output: 1 }
    `),
    problems: ['6:58 tasks[0].tasks[0].dependsOn[0]: tasks wait for each other: a → b → a (each waits for the next)'],
  },
  {
    title: 'a task behind the end',
    text: tasks(`
      - { id: a, type: fail, error: E }
      - { id: b, type: executor, handler: h, dependsOn: [a] }
    `),
    problems: ['4:11 tasks[1].dependsOn: task "b" can never run: "a" ends the list (change "dependsOn" or "join")'],
  },
  {
    title: 'a task behind two ways of one condition',
    text: tasks(`
      - { id: c, type: condition, cases: [{ when: "{% true %}", then: a }], otherwise: b }
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h }
      - { id: d, type: executor, handler: h, dependsOn: [a, b] }
    `),
    problems: [
      '6:11 tasks[3].dependsOn: task "d" can never run: "a" and "b" never both run, as "c" goes one way (change "dependsOn" or "join")',
    ],
  },
  {
    title: 'a task behind two ways, further on',
    text: tasks(`
      - { id: c, type: condition, cases: [{ when: "{% true %}", then: a }], otherwise: b }
      - { id: a, type: executor, handler: h }
      - { id: b, type: executor, handler: h }
      - { id: a2, type: executor, handler: h, dependsOn: [a] }
      - { id: d, type: executor, handler: h, dependsOn: [a2, b] }
    `),
    problems: [
      '7:11 tasks[4].dependsOn: task "d" can never run: "a2" and "b" never both run, as "c" goes one way (change "dependsOn" or "join")',
    ],
  },
  {
    title: 'a task behind a failure and its success',
    text: tasks(`
      - { id: a, type: executor, handler: h, catch: { "*": b } }
      - { id: b, type: executor, handler: h }
      - { id: d, type: executor, handler: h, dependsOn: [a, b] }
    `),
    problems: [
      '5:11 tasks[2].dependsOn: task "d" can never run: "b" runs only if "a" fails, and it waits for that to complete (change "dependsOn" or "join")',
    ],
  },
];
