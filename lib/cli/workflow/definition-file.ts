import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isFault, type Problem } from '../../kernel/faults.ts';
import type { Cli } from '../cli.ts';
import { Complaint } from '../exit-codes.ts';
import { excerpt } from '../parse-json.ts';
import { clean } from '../render/text.ts';

/** The definition of a workflow, as a file has it. */
export interface DefinitionFile {
  /** As it was typed. */
  name: string;
  source: string;
  format: 'yaml' | 'json';
}

/** Whether a word means a file and not the name of a workflow. */
export function isDefinitionFile(word: string): boolean {
  return /\.(ya?ml|json)$/i.test(word);
}

export async function readDefinition(cli: Cli, name: string): Promise<DefinitionFile> {
  const source = await readFile(resolve(cli.cwd, name), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new Complaint(`The definition ${name} cannot be read: ${why}`, { cause });
  });
  return { name, source, format: /\.json$/i.test(name) ? 'json' : 'yaml' };
}

/** Says what is wrong with a definition, each place with the line that it is in; throws anything else on. */
export function complainOf(error: unknown, file: DefinitionFile): never {
  const problems = isFault(error, 'invalid_input') ? (error.problems ?? []) : [];
  if (!problems.some(({ line }) => line !== undefined)) throw error;
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new Complaint(`${file.name} has ${count}`, { details: problemLines(file, problems), cause: error });
}

export function problemLines({ name, source }: DefinitionFile, problems: readonly Problem[]): string[] {
  const lines = source.split(/\r?\n/);
  return problems.flatMap(({ line = 1, column = 1, path, message, hint }) => {
    const what = path === '' ? message : `${path}: ${message}`;
    const shown = excerpt(lines[line - 1] ?? '', column).map((each) => `    ${each}`);
    return [`${name}:${line}:${column} ${clean(what)}${hint === undefined ? '' : ` (${clean(hint)})`}`, ...shown];
  });
}
