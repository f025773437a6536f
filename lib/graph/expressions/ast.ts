/** JSONata's tree after parsing, as far as it is looked at here. Which fields a node has depends on its type. */
export interface Ast {
  type: string;
  value?: unknown;
  position?: number;
  /** path */
  steps?: Ast[];
  /** unary `[`, block */
  expressions?: Ast[];
  /** unary `-` */
  expression?: Ast;
  /** binary, bind, apply; of unary `{` the pairs */
  lhs?: Ast | [Ast, Ast][];
  rhs?: Ast;
  condition?: Ast;
  then?: Ast;
  else?: Ast;
  /** function, partial, lambda */
  procedure?: Ast;
  arguments?: Ast[];
  body?: Ast;
  signature?: unknown;
  /** transform */
  pattern?: Ast;
  update?: Ast;
  delete?: Ast;
  /** sort */
  terms?: { expression: Ast }[];
  /** Filters behind a step or a value; `index` stages bind a variable. */
  stages?: { type: string; expr?: Ast; value?: string }[];
  predicate?: { expr: Ast }[];
  group?: { lhs: [Ast, Ast][] };
  /** Names of variables that a step binds: `@$name`, `#$name`. */
  focus?: string;
  index?: string;
}

/** Whether it is a step by a plain name, with nothing behind it that looks at the value. */
export function isPlainName(step: Ast | undefined): step is Ast & { value: string } {
  return step?.type === 'name' && isBare(step);
}

/** Nothing is attached to the node: no filter, no grouping, no variable. */
export function isBare(step: Ast): boolean {
  return !(step.stages || step.predicate || step.group || step.focus || step.index);
}
