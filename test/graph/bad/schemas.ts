import { type BadGraph, tasks } from './bad-graph.ts';

export const schemas: BadGraph[] = [
  {
    title: 'a type of JSON that is none',
    text: 'inputSchema: { type: objekt }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: [
      '1:22 inputSchema.type: expected one of the types object, array, string, number, integer, boolean, null, found the text "objekt" (did you mean "object"?)',
    ],
  },
  {
    title: 'a keyword of JSON Schema that is none',
    text: 'inputSchema: { propertys: {} }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:16 inputSchema.propertys: "propertys" is no keyword of JSON Schema (did you mean "properties"?)'],
  },
  {
    title: 'a keyword that is not supported',
    text: 'inputSchema: { patternProperties: {} }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: [
      '1:16 inputSchema.patternProperties: the keyword "patternProperties" is not supported (name the fields in "properties", or use "propertyNames" with "additionalProperties")',
    ],
  },
  {
    title: 'a pattern that takes exponential time',
    text: 'inputSchema: { type: string, pattern: "(?=a)" }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:39 inputSchema.pattern: the pattern cannot be used: lookaround is not supported'],
  },
  {
    title: 'a schema that refers to nothing',
    text: 'outputSchema: { $ref: "#/$defs/order" }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: [
      '1:23 outputSchema.$ref: "$ref" leads to no schema: #/$defs/order (it names a part of this schema: "#/$defs/…")',
    ],
  },
  {
    title: 'a schema that refers to itself',
    text: 'outputSchema: { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:15 outputSchema: the schema refers to itself without end (put the "$ref" below a property)'],
  },
  {
    title: 'a schema that is a list',
    text: tasks(`
      - { id: a, type: signal, schema: [] }
    `),
    problems: ['3:36 tasks[0].schema: expected a JSON Schema (an object, true or false), found a list'],
  },
  {
    title: 'required that is a text',
    text: 'inputSchema: { required: day }\nname: orders\ntasks:\n  - { id: a, type: executor, handler: h }\n',
    problems: ['1:26 inputSchema.required: expected a list of texts, found the text "day"'],
  },
];
