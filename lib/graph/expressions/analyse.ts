/** What an expression names, found in its tree before anything is evaluated. */
import { linearRegex } from '../linear-regex.ts';
import { type Ast, isBare, isPlainName } from './ast.ts';
import { type FunctionName, isFunctionName } from './functions.ts';

/** The variables that a graph gives to expressions, besides functions. */
export const givenVariables = ['input', 'tasks', 'run', 'item', 'index', 'result'] as const;
export type GivenVariable = (typeof givenVariables)[number];

/** These keep their meaning everywhere; a lambda may call its parameters `$item` and `$index`. */
const reserved: ReadonlySet<string> = new Set(['input', 'tasks', 'run', 'result']);

export interface Mention {
  name: string;
  /** Where it begins in the source, from 0. */
  position: number;
}

export interface Analysis {
  /** Tasks that are named: `$tasks.<id>`, each time with the field that is asked for, if any. */
  tasks: (Mention & { field: Mention | undefined })[];
  /** Variables that the expression does not bind itself. */
  variables: Mention[];
  /** Functions that may be called, those included that the expression binds anew somewhere. */
  functions: Set<FunctionName>;
  /** Fields of `$run`. */
  runFields: Mention[];
  /** What of each given variable is looked at: paths of names; an empty path is all of it. */
  reads: Record<GivenVariable, string[][]>;
  /** What must not be in an expression. */
  problems: { message: string; position: number; hint?: string }[];
  hasTransform: boolean;
  /** Nodes that give the values of an object's fields. */
  fieldValues: Set<Ast>;
}

export function analyse(ast: Ast): Analysis {
  const analysis: Analysis = {
    tasks: [],
    variables: [],
    functions: new Set(),
    runFields: [],
    reads: { input: [], tasks: [], run: [], item: [], index: [], result: [] },
    problems: [],
    hasTransform: false,
    fieldValues: new Set(),
  };
  const bound = new Set<string>();
  const mentioned: Mention[] = [];
  let hasParent = false;
  const pending: { node: Ast; atRoot: boolean }[] = [{ node: ast, atRoot: true }];

  const complain = (position: number, message: string, hint?: string) =>
    analysis.problems.push(hint === undefined ? { message, position } : { message, position, hint });
  const bind = (name: string, position: number) => {
    if (reserved.has(name)) complain(position, `$${name} cannot be bound anew`, 'use another name');
    bound.add(name);
  };

  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, atRoot } = next;
    const inside = (part: Ast | undefined, root = atRoot) => {
      if (part) pending.push({ node: part, atRoot: root });
    };
    const position = startOf(node);
    if (node.focus !== undefined) bind(node.focus, position);
    if (node.index !== undefined) bind(node.index, position);
    for (const { expr, value } of node.stages ?? []) {
      inside(expr, false);
      if (value !== undefined) bind(value, position);
    }
    for (const { expr } of node.predicate ?? []) inside(expr, false);
    for (const [key, value] of node.group?.lhs ?? []) {
      inside(key, false);
      inside(value, false);
      analysis.fieldValues.add(value);
    }
    switch (node.type) {
      case 'path':
        visitPath(node);
        for (const [index, step] of (node.steps ?? []).entries()) {
          if (index > 0 || step.type !== 'variable') inside(step, atRoot && index === 0);
          else visitAttachments(step);
        }
        break;
      case 'name':
        if (atRoot) {
          const name = String(node.value);
          const hint = givenVariables.some((given) => given === name)
            ? `did you mean $${name}?`
            : `as in $input.${name}`;
          complain(position, `"${name}" is a field of nothing: paths begin with a variable`, hint);
        }
        break;
      case 'wildcard':
      case 'descendant':
        if (atRoot) complain(position, `"${String(node.value)}" is of nothing here: paths begin with a variable`);
        break;
      case 'parent':
        hasParent = true;
        break;
      case 'variable':
        visitVariable(node, atRoot, []);
        break;
      case 'regex': {
        const { source } = node.value as RegExp;
        const regex = linearRegex(source);
        if ('problem' in regex) complain(position, `the regular expression cannot be used: ${regex.problem}`);
        break;
      }
      case 'bind':
        bind(String((node.lhs as Ast).value), startOf(node.lhs as Ast));
        inside(node.rhs);
        break;
      case 'lambda':
        if (node.signature !== undefined) complain(position, 'functions cannot have signatures', 'leave it out');
        for (const argument of node.arguments ?? []) bind(String(argument.value), startOf(argument));
        inside(node.body);
        break;
      case 'transform':
        analysis.hasTransform = true;
        inside(node.pattern, false);
        inside(node.update, false);
        inside(node.delete, false);
        break;
      case 'sort':
        for (const { expression } of node.terms ?? []) inside(expression, false);
        break;
      default:
        if (Array.isArray(node.lhs)) {
          for (const [key, value] of node.lhs) {
            inside(key);
            inside(value);
            analysis.fieldValues.add(value);
          }
        } else inside(node.lhs);
        for (const part of [node.rhs, node.expression, node.condition, node.then, node.else, node.procedure])
          inside(part);
        for (const part of [...(node.expressions ?? []), ...(node.arguments ?? [])]) inside(part);
    }

    function visitAttachments(step: Ast): void {
      if (!isBare(step)) inside({ ...step, type: 'value' });
    }

    /** A path that begins with a variable. */
    function visitPath(path: Ast): void {
      const [first, ...steps] = path.steps ?? [];
      if (first?.type !== 'variable') return;
      const end = isBare(first) ? steps.findIndex((step) => !isPlainName(step)) : 0;
      const names = steps.slice(0, end === -1 ? steps.length : end);
      // The first step that something is attached to is still looked up by its name; `@` leaves the context where it was.
      const attached = isBare(first) ? steps[names.length] : undefined;
      if (attached?.type === 'name' && attached.focus === undefined) names.push(attached);
      visitVariable(first, atRoot, names);
    }
  }

  function visitVariable(node: Ast, atRoot: boolean, names: Ast[]): void {
    const name = String(node.value);
    const position = startOf(node);
    if (name === '$') complain(position, '$$ is nothing here', 'name what you mean: $input, $tasks.<id>.output');
    else if (name === '') {
      if (atRoot) complain(position, '$ is nothing here', 'name what you mean: $input, $tasks.<id>.output');
    } else {
      mentioned.push({ name, position });
      if (isFunctionName(name)) analysis.functions.add(name);
      if (!isGiven(name)) return;
      const path = names.map((step) => String(step.value));
      analysis.reads[name].push(path);
      if (name === 'tasks') visitTask(position, names);
      const [field] = names;
      if (name === 'run' && field) analysis.runFields.push({ name: String(field.value), position: startOf(field) });
    }
  }

  function visitTask(position: number, [task, field]: Ast[]): void {
    if (task === undefined) {
      complain(position, '$tasks stands alone', 'name the task: $tasks.<id>.output');
      return;
    }
    const asked = field && { name: String(field.value), position: startOf(field) };
    analysis.tasks.push({ name: String(task.value), position: startOf(task), field: asked });
  }

  analysis.variables = mentioned.filter(({ name }) => !bound.has(name));
  for (const name of givenVariables) {
    const keep = name === 'tasks' ? 1 : 0;
    if (hasParent || bound.has(name)) analysis.reads[name] = analysis.reads[name].map((path) => path.slice(0, keep));
  }
  analysis.tasks.sort(byPosition);
  return analysis;
}

function byPosition(a: Mention, b: Mention): number {
  return a.position - b.position;
}

function isGiven(name: string): name is GivenVariable {
  return givenVariables.some((given) => given === name);
}

/** JSONata gives the place behind a token. */
function startOf(node: Ast): number {
  const end = node.position ?? 0;
  if (typeof node.value !== 'string') return Math.max(0, end - 1);
  const length = node.type === 'variable' ? node.value.length + 1 : node.value.length;
  return Math.max(0, end - length);
}
