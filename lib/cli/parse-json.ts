import { findSyntaxProblem } from '../http/json-syntax.ts';
import { Complaint } from './exit-codes.ts';
import { clean } from './render/text.ts';

/** Parses JSON that a person wrote. What is wrong with it is shown with its place; `source` says where it came from. */
export function parseJson(text: string, source: string): unknown {
  const json = text.startsWith('\u{feff}') ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    const found = findSyntaxProblem(json);
    if (found === undefined)
      throw new Complaint(`${source} is not JSON: ${(error as Error).message}`, { cause: error });
    const { line, column, message } = found;
    throw new Complaint(`${source} is not JSON, line ${line}, column ${column}: ${message}`, {
      details: excerpt(json.split('\n')[line - 1] ?? '', column),
    });
  }
}

const excerptWidth = 72;

/** The part of a line around a column, with a mark below it. */
export function excerpt(line: string, column: number): string[] {
  const from = Math.max(0, column - 1 - excerptWidth / 2);
  const shown = clean(line.slice(from, from + excerptWidth)).trimEnd();
  return [shown, `${' '.repeat(column - 1 - from)}^`];
}
