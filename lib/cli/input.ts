import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cli } from './cli.ts';
import { Complaint } from './exit-codes.ts';
import { parseJson } from './parse-json.ts';

/** The value of `--input`: JSON itself, the path of a file with JSON, or `-` for standard input. */
export async function readInput(cli: Cli, given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  if (given === '-') return parseJson(await cli.readStdin(), 'The standard input');
  if (looksLikeJson(given)) return parseJson(given, 'The input');
  const text = await readFile(resolve(cli.cwd, given), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Complaint(`The input file ${given} cannot be read: ${reasons[error.code ?? ''] ?? error.message}`, {
      advice: ["--input takes a file, '-' for the standard input, or JSON in quotes: --input '{\"orderId\": 7}'"],
      cause: error,
    });
  });
  return parseJson(text, given);
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

/** A file may have any name, but one that begins like JSON is written with `./` before it. */
function looksLikeJson(given: string): boolean {
  if (/^\s*[{["]/.test(given)) return true;
  return /^\s*(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?)\s*$/.test(given);
}
