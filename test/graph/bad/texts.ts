import type { BadGraph } from './bad-graph.ts';

export const texts: BadGraph[] = [
  {
    title: 'an empty text',
    text: '',
    problems: ['1:1 the text is empty (a graph begins with its name: and its tasks:)'],
  },
  {
    title: 'a text of comments alone',
    text: '# nothing\n',
    problems: ['1:1 the text is empty (a graph begins with its name: and its tasks:)'],
  },
  {
    title: 'a field without a colon',
    text: 'name: orders\ntasks: [{ id: a, type: transform, output: {total} }]\n? extra\n',
    problems: [
      '3:3 extra: there is no field "extra" in a graph (there are name, version, description, category, tags, inputSchema, outputSchema, timeout, retention, durability, concurrency, defaults, tasks, output)',
    ],
  },
  {
    title: 'a list in place of a graph',
    text: '- a\n- b\n',
    problems: ['1:1 expected a graph, found a list'],
  },
  {
    title: 'a text in place of a graph',
    text: 'orders',
    problems: ['1:1 expected a graph, found the text "orders"'],
  },
  {
    title: 'an expression without quotes',
    text: 'name: orders\ntasks:\n  - { id: a, type: transform, output: {% 1 %} }\n',
    problems: [
      '3:40 not YAML: Plain value cannot start with directive indicator character % (an expression stands in quotes: "{% … %}")',
    ],
  },
  {
    title: 'a colon in a text without quotes',
    text: 'name: orders\ndescription: first: second\n',
    problems: [
      '2:14 not YAML: Nested mappings are not allowed in compact mappings (a text with ": " in it stands in quotes)',
    ],
  },
  {
    title: 'a tab for indentation',
    text: 'name: orders\ntasks:\n\t- id: a\n',
    problems: ['3:1 not YAML: Tabs are not allowed as indentation (indent with spaces)'],
  },
  {
    title: 'a quote that is not closed',
    text: 'name: "orders\ntasks: []\n',
    problems: ['3:1 not YAML: a quote is not closed before this'],
  },
  {
    title: 'a second document',
    text: 'name: a\n---\nname: b\n',
    problems: ['2:1 there is a second YAML document (a file holds one graph)'],
  },
  {
    title: 'a directive',
    text: '%YAML 1.1\n---\nname: yes\n',
    problems: ['1:1 YAML directives (%YAML, %TAG) are not supported (remove them)'],
  },
  {
    title: 'a tag of YAML',
    text: 'name: !!str 3\n',
    problems: [
      '1:1 "tasks" is missing in a graph (it is a list of tasks)',
      '1:13 the tag "!!str": YAML tags are not supported (leave it out)',
    ],
  },
  {
    title: 'a tag of somebody',
    text: 'name: !env NAME\n',
    problems: ['1:7 the tag "!env": YAML tags are not supported (leave it out)'],
  },
  {
    title: 'an alias without an anchor',
    text: 'name: *name\ntasks: []\n',
    problems: ['1:7 name: there is no anchor &name before this', '2:8 tasks: there are no tasks in this list'],
  },
  {
    title: 'an alias inside of its anchor',
    text: 'name: orders\ntasks:\n  - &a { id: a, type: transform, output: [*a] }\n',
    problems: ['3:43 tasks[0].output[0]: the alias *a stands inside of what it names'],
  },
  {
    title: 'a merge key',
    text: 'name: orders\ntasks:\n  - { id: a, type: wait, duration: 1s, <<: { priority: 1 } }\n',
    problems: [
      '3:40 tasks[0].<<: there is no field "<<" in a task of type wait (merge keys of YAML are not supported)',
    ],
  },
  {
    title: 'a field twice',
    text: 'name: a\nname: b\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['2:1 name: there is a second field "name" in this object (keep one of them)'],
  },
  {
    title: 'a field __proto__',
    text: 'name: orders\ntasks:\n  - { id: a, type: transform, output: { __proto__: { a: 1 } } }\n',
    problems: ['3:41 tasks[0].output.__proto__: a field cannot be named "__proto__"'],
  },
  {
    title: 'a number that cannot be held',
    text: 'name: orders\ntasks:\n  - { id: a, type: transform, output: 12345678901234567890 }\n',
    problems: [
      '3:39 tasks[0].output: the number 12345678901234567890 cannot be held exactly (write it in quotes, as a text)',
    ],
  },
  {
    title: 'a number that JSON has not',
    text: 'name: orders\ntasks:\n  - { id: a, type: transform, output: .inf }\n',
    problems: ['3:39 tasks[0].output: .inf is a number that JSON cannot hold (write it in quotes, as a text)'],
  },
  {
    title: 'a text that nests too deep',
    text: 'name: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
    problems: ['1:71 the text nests deeper than 64 (limit textDepth)'],
  },
  {
    title: 'a name that is no text',
    text: '? [a]\n: b\n',
    problems: ['1:3 not YAML: the name of a field is a text'],
  },
  {
    title: 'JSON that ends early',
    text: '{"name": "orders"',
    format: 'json',
    problems: ["1:18 not JSON: the text ends where ',' or '}' is expected"],
  },
  {
    title: 'a comma too many',
    text: '{"name": "orders", }',
    format: 'json',
    problems: [
      "1:20 not JSON: expected the name of a field, in double quotes, found '}' (JSON has no comma before a closing bracket)",
    ],
  },
  {
    title: 'a missing comma',
    text: '{"name": "orders" "tasks": []}',
    format: 'json',
    problems: ["1:19 not JSON: expected ',' or '}', found '\"'"],
  },
  {
    title: 'single quotes in JSON',
    text: "{'name': 'orders'}",
    format: 'json',
    problems: ["1:2 not JSON: expected the name of a field, in double quotes, found ''' (JSON has only double quotes)"],
  },
  {
    title: 'a comment in JSON',
    text: '{\n  // orders\n  "name": "orders"\n}',
    format: 'json',
    problems: [
      "2:3 not JSON: expected the name of a field, in double quotes, found '/' (JSON has no comments; YAML has)",
    ],
  },
  {
    title: 'a word in JSON',
    text: '{"name": orders}',
    format: 'json',
    problems: ['1:10 not JSON: expected a value, found orders (texts stand in double quotes)'],
  },
  {
    title: 'a text in JSON that is not closed',
    text: '{"name": "orders}\n',
    format: 'json',
    problems: ['1:10 not JSON: a text is not closed, or not escaped as in JSON'],
  },
  {
    title: 'something behind the JSON',
    text: '{"name": "a"} 1',
    format: 'json',
    problems: ["1:15 not JSON: expected the end of the text, found '1'"],
  },
  {
    title: 'a field twice in JSON',
    text: '{"name": "a", "name": "b", "tasks": [{"id": "a", "type": "wait", "duration": 1}]}',
    format: 'json',
    problems: ['1:15 name: there is a second field "name" in this object (keep one of them)'],
  },
  {
    title: 'JSON that nests too deep',
    text: '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
    format: 'json',
    problems: ['1:65 not JSON: the text nests deeper than 64 (limit textDepth)'],
  },
];
