import { type BadGraph, tasks } from './bad-graph.ts';

export const expressions: BadGraph[] = [
  {
    title: 'an expression that is not closed',
    text: tasks(`
      - { id: a, type: transform, output: "{% $input.day" }
    `),
    problems: ['3:39 tasks[0].output: an expression ends with "%}"'],
  },
  {
    title: 'an expression in a text',
    text: tasks(`
      - { id: a, type: transform, output: "Order {% $input.id %}" }
    `),
    problems: [
      '3:39 tasks[0].output: a text is either one expression as a whole, or has none (join texts inside of one, as in "{% \'Order \' & $input.id %}")',
    ],
  },
  {
    title: 'two expressions in a text',
    text: tasks(`
      - { id: a, type: transform, output: "{% $input.a %}-{% $input.b %}" }
    `),
    problems: [
      '3:39 tasks[0].output: a text is either one expression as a whole, or has none (join texts inside of one, as in "{% \'Order \' & $input.id %}")',
    ],
  },
  {
    title: 'an empty expression',
    text: tasks(`
      - { id: a, type: transform, output: "{%  %}" }
    `),
    problems: ['3:39 tasks[0].output: the expression is empty'],
  },
  {
    title: 'an expression that does not parse',
    text: tasks(`
      - { id: a, type: transform, output: "{% $input.( %}" }
    `),
    problems: ['3:52 tasks[0].output: the expression does not parse: Expected ")" before end of expression'],
  },
  {
    title: 'an expression that does not parse, in a block',
    text: tasks(`
      - id: a
        type: transform
        output: |
          {%
            $input.a +
              ]
          %}
    `),
    problems: [
      '8:11 tasks[0].output: the expression does not parse: The symbol "]" cannot be used as a unary operator',
    ],
  },
  {
    title: 'a path without variable',
    text: tasks(`
      - { id: a, type: transform, output: "{% input.day %}" }
    `),
    problems: [
      '3:43 tasks[0].output: "input" is a field of nothing: paths begin with a variable (did you mean $input?)',
    ],
  },
  {
    title: 'a variable that there is not',
    text: tasks(`
      - { id: a, type: transform, output: "{% $imput.day %}" }
    `),
    problems: ['3:43 tasks[0].output: there is no $imput here (did you mean $input?)'],
  },
  {
    title: 'a function that there is not',
    text: tasks(`
      - { id: a, type: transform, output: "{% $upercase($input.day) %}" }
    `),
    problems: ['3:43 tasks[0].output: there is no $upercase here (did you mean $uppercase?)'],
  },
  {
    title: '$eval',
    text: tasks(`
      - { id: a, type: transform, output: "{% $eval('1') %}" }
    `),
    problems: ['3:43 tasks[0].output: there is no $eval here (expressions cannot make expressions)'],
  },
  {
    title: '$item outside of a map',
    text: tasks(`
      - { id: a, type: transform, output: "{% $item.id %}" }
    `),
    problems: ['3:43 tasks[0].output: there is no $item here (only tasks inside of a map have it)'],
  },
  {
    title: '$result before there is one',
    text: tasks(`
      - { id: a, type: executor, handler: h, input: "{% $result %}" }
    `),
    problems: [
      '3:53 tasks[0].input: there is no $result here (only "output" and "compensate" have it, of tasks that have a result)',
    ],
  },
  {
    title: '$tasks alone',
    text: tasks(`
      - { id: a, type: transform, output: "{% $keys($tasks) %}" }
    `),
    problems: ['3:49 tasks[0].output: $tasks stands alone (name the task: $tasks.<id>.output)'],
  },
  {
    title: 'a task that there is not',
    text: tasks(`
      - { id: fetch, type: executor, handler: h }
      - { id: a, type: transform, dependsOn: [fetch], output: "{% $tasks.fech.output %}" }
    `),
    problems: ['4:70 tasks[1].output: there is no task "fech" (did you mean "fetch"?)'],
  },
  {
    title: 'a task that may not have run',
    text: tasks(`
      - { id: fetch, type: executor, handler: h }
      - { id: a, type: transform, output: "{% $tasks.fetch.output %}" }
    `),
    problems: ['4:50 tasks[1].output: "fetch" may not have run by then (add "fetch" to the "dependsOn" of "a")'],
  },
  {
    title: 'a task that may not have run, in a container',
    text: tasks(`
      - { id: fetch, type: executor, handler: h }
      - { id: p, type: parallel, tasks: [{ id: a, type: transform, output: "{% $tasks.fetch.output %}" }] }
    `),
    problems: [
      '4:83 tasks[1].tasks[0].output: "fetch" may not have run by then (add "fetch" to the "dependsOn" of "p")',
    ],
  },
  {
    title: 'a task that runs later',
    text: tasks(`
      - { id: a, type: transform, output: "{% $tasks.b.output %}" }
      - { id: b, type: executor, handler: h, dependsOn: [a] }
    `),
    problems: ['3:50 tasks[0].output: "b" may not have run by then (add "b" to the "dependsOn" of "a")'],
  },
  {
    title: 'a sibling in a parallel',
    text: tasks(`
      - id: p
        type: parallel
        tasks:
          - { id: a, type: transform, output: 1 }
          - { id: b, type: transform, output: "{% $tasks.a.output %}" }
    `),
    problems: ['7:54 tasks[0].tasks[1].output: "a" may not have run by then (add "a" to the "dependsOn" of "b")'],
  },
  {
    title: 'the task itself',
    text: tasks(`
      - { id: a, type: executor, handler: h, output: "{% $tasks.a.output %}" }
    `),
    problems: ['3:61 tasks[0].output: a task cannot name itself: "a" (its own result is $result)'],
  },
  {
    title: 'its own container',
    text: tasks(`
      - { id: p, type: parallel, tasks: [{ id: a, type: transform, output: "{% $tasks.p.output %}" }] }
    `),
    problems: ['3:83 tasks[0].tasks[0].output: "p" contains this task and is not done before it'],
  },
  {
    title: 'what is inside of it before it ran',
    text: tasks(`
      - { id: p, type: parallel, when: "{% $tasks.a.output %}", tasks: [{ id: a, type: transform, output: 1 }] }
    `),
    problems: ['3:47 tasks[0].when: "a" stands inside of "p" and has not run then (say it in "output")'],
  },
  {
    title: 'what is inside of a map',
    text: tasks(`
      - { id: m, type: map, items: [1], tasks: [{ id: a, type: transform, output: "{% $item %}" }] }
      - { id: b, type: transform, dependsOn: [m], output: "{% $tasks.a.output %}" }
    `),
    problems: [
      '4:66 tasks[1].output: "a" stands inside of the map "m" and runs many times (name "m": its output is the list)',
    ],
  },
  {
    title: 'a field that tasks have not',
    text: tasks(`
      - { id: a, type: executor, handler: h }
      - { id: b, type: transform, dependsOn: [a], output: "{% $tasks.a.result %}" }
    `),
    problems: ['4:68 tasks[1].output: "result" is nothing that a task has (there are output, error, status)'],
  },
  {
    title: 'a field that $run has not',
    text: tasks(`
      - { id: a, type: transform, output: "{% $run.name %}" }
    `),
    problems: [
      '3:48 tasks[0].output: "name" is nothing that $run has (there are id, workflow, version, createdAt, correlationId)',
    ],
  },
  {
    title: 'a pattern with a look ahead',
    text: tasks(`
      - { id: a, type: transform, output: "{% $match($input.a, /(?=x)/) %}" }
    `),
    problems: ['3:66 tasks[0].output: the regular expression cannot be used: lookaround is not supported'],
  },
  {
    title: 'a variable bound anew',
    text: tasks(`
      - { id: a, type: transform, output: "{% ($input := 1; $input) %}" }
    `),
    problems: ['3:44 tasks[0].output: $input cannot be bound anew (use another name)'],
  },
];
