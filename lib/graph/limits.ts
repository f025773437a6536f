/** Every bound of graphs, by name. Crossing one is a problem or an error that says this name. */
export const graphLimits = {
  /** The longest text of a graph, in characters. */
  textChars: 8 * 1024 * 1024,
  /** How deep a text may nest. */
  textDepth: 64,
  /** The most uses of aliases (`*name`) in a YAML text. */
  aliases: 100,
  /** The most values in a text, each use of an alias counted with all that it stands for. */
  textValues: 2_000_000,
  /** The most problems that are reported at once. */
  problems: 100,
  /** The most tasks of a graph, nested ones included. */
  tasks: 20_000,
  /** The most names in all `dependsOn`, cases and `catch` of a graph. */
  edges: 200_000,
  /** How deep containers may nest. */
  containerDepth: 16,
  /** How many choices are followed when looking for tasks that can never run. */
  choices: 64,
  /** The longest expression, in characters. */
  expressionChars: 16_384,
  /** How deep the brackets of an expression may nest. */
  expressionDepth: 100,
  /** The most operators of an expression that nest to the right (`?`, `-`, `:=`, `|`), counted in its text. */
  expressionOperators: 1_000,
  /** The most defaults (`??`, `?:`) of an expression that stand after a bracket. */
  expressionDefaults: 12,
  /** What one evaluation may do: evaluated parts, plus one for each 256 values or characters that they give. */
  evaluationSteps: 500_000,
  /** How many parts of an expression may be under way at once, one inside the other or side by side. */
  evaluationDepth: 20_000,
  /** The longest list that an expression may build. */
  evaluationItems: 50_000,
  /** The most values (list items, fields) of anything that an expression reads or gives. */
  evaluationValues: 250_000,
  /** The most characters of anything that an expression reads or gives, in all its strings. */
  evaluationChars: 4 * 1024 * 1024,
  /** The longest text in which a regular expression may search, in characters. */
  regexTextChars: 100_000,
  /** The longest picture of a number, a date or a time, in characters. */
  pictureChars: 100,
  /** The most values of a JSON Schema. */
  schemaValues: 5_000,
  /** The most schemas that a JSON Schema applies to one value, references followed. */
  schemaApplications: 1_000,
  /** The most schemas that one check may apply in all. */
  schemaSteps: 1_000_000,
  /** The most items of a list that a JSON Schema may compare with each other (`uniqueItems`). */
  uniqueItems: 5_000,
  /** The most tasks of a body that are laid out with care; larger ones are drawn in plain layers. */
  layoutTasks: 300,
} as const;
