/** Every bound of graphs, by name. Crossing one is a problem or an error that says this name. */
const bounds = {
  textChars: [8 * 1024 * 1024, 'The longest text of a graph, in characters.'],
  textDepth: [64, 'How deep a text may nest.'],
  aliases: [100, 'The most uses of aliases (`*name`) in a YAML text.'],
  textValues: [2_000_000, 'The most values in a text, each use of an alias counted with all that it stands for.'],
  problems: [100, 'The most problems that are reported at once.'],
  tasks: [20_000, 'The most tasks of a graph, nested ones included.'],
  edges: [200_000, 'The most names in all `dependsOn`, cases and `catch` of a graph.'],
  containerDepth: [16, 'How deep containers may nest.'],
  choices: [64, 'How many choices are followed when looking for tasks that can never run.'],
  expressionChars: [16_384, 'The longest expression, in characters.'],
  expressionDepth: [100, 'How deep the brackets of an expression may nest.'],
  expressionOperators: [
    1_000,
    'The most operators of an expression that nest to the right (`?`, `-`, `:=`, `|`), counted in its text.',
  ],
  expressionDefaults: [12, 'The most defaults (`??`, `?:`) of an expression that stand after a bracket.'],
  evaluationSteps: [
    500_000,
    'What one evaluation may do: evaluated parts, plus one for each 256 values or characters that they give.',
  ],
  evaluationDepth: [
    20_000,
    'How many parts of an expression may be under way at once, one inside the other or side by side.',
  ],
  evaluationItems: [50_000, 'The longest list that an expression may build.'],
  evaluationValues: [250_000, 'The most values (list items, fields) of anything that an expression reads or gives.'],
  evaluationChars: [
    4 * 1024 * 1024,
    'The most characters of anything that an expression reads or gives, in all its strings.',
  ],
  regexTextChars: [100_000, 'The longest text in which a regular expression may search, in characters.'],
  pictureChars: [100, 'The longest picture of a number, a date or a time, in characters.'],
  schemaValues: [5_000, 'The most values of a JSON Schema.'],
  schemaApplications: [1_000, 'The most schemas that a JSON Schema applies to one value, references followed.'],
  schemaSteps: [
    1_000_000,
    'The most schemas that one check may apply in all; four items that are compared with each other (`uniqueItems`) count as one.',
  ],
  uniqueItems: [1_000, 'The most items of a list that a JSON Schema may compare with each other (`uniqueItems`).'],
  layoutTasks: [300, 'The most tasks of a graph that is laid out with care; larger ones are drawn in plain layers.'],
  layoutEdges: [600, 'The most lines of a graph that is laid out with care; others are drawn in plain layers.'],
} as const satisfies Record<string, [number, string]>;

export type GraphLimit = keyof typeof bounds;

export const graphLimits = mapped(([bound]) => bound);
/** What each bounds, in a sentence. */
export const graphLimitMeanings = mapped(([, meaning]) => meaning);

function mapped<T>(pick: (bound: readonly [number, string]) => T): Record<GraphLimit, T> {
  return Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, pick(bound)])) as Record<
    GraphLimit,
    T
  >;
}
