import type { Colors } from 'picocolors/types';
import { type FaultCode, isFault, type Problem } from '../kernel/faults.ts';
import { Complaint } from './exit-codes.ts';
import { clean, cleanLines } from './render/text.ts';

/** An error as a block for a person: what, where, what to do. The stack only if `verbose`. */
export function describeError(error: unknown, { colors, verbose }: { colors: Colors; verbose: boolean }): string[] {
  const { message, details, advice } = partsOf(error);
  const [first = '', ...rest] = cleanLines(message);
  const lines = [
    `${colors.red('Error:')} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...details.map((line) => `  ${line}`),
    ...advice,
  ];
  if (verbose) return [...lines, ...stackOf(error).map(colors.dim)];
  return isExpected(error) ? lines : [...lines, colors.dim('(--verbose shows where it comes from)')];
}

interface Parts {
  message: string;
  details: string[];
  advice: string[];
}

function partsOf(error: unknown): Parts {
  if (error instanceof Complaint) return error;
  if (isFault(error)) {
    const details = (error.problems ?? []).map(inWords);
    const advice = adviceFor[error.code];
    // A message may end with the same problems in one line.
    const at = details[0] === undefined ? -1 : error.message.indexOf(details[0]);
    const message = at > 0 ? error.message.slice(0, at).trimEnd() : error.message;
    return { message, details: details.map(clean), advice: advice === undefined ? [] : [advice] };
  }
  if (!(error instanceof Error)) return { message: String(error), details: [], advice: [] };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message: error.message || error.name, details: [], advice: (code && adviceForSystem[code]) || [] };
}

function inWords({ path, message, line, column }: Problem): string {
  const what = path === '' ? message : `${path}: ${message}`;
  return line === undefined ? what : `line ${line}, column ${column}: ${what}`;
}

const adviceFor: Partial<Record<FaultCode, string>> = {
  unauthorized:
    'Set PAWL_TOKEN to the token of that server. Without one, requests to AWS are signed with your AWS credentials.',
  overloaded: 'Try again in a moment. What was accepted before goes on.',
  storage_full: 'Free some space on the disk of the data directory. Nothing that was accepted is lost.',
  corrupt: 'Restore the data directory from a backup, or delete the run that the record belongs to.',
  newer_format: 'A newer Pawl wrote this. Update with: npm install pawl@latest',
};

const adviceForSystem: Record<string, string[]> = {
  EACCES: [
    'The file or directory belongs to another user, or may not be written. Change its permissions or choose another.',
  ],
  ENOSPC: ['The disk is full. Free some space and try again.'],
  EROFS: ['The disk is read-only. Choose another place with --data-dir.'],
};

function isExpected(error: unknown): boolean {
  return error instanceof Complaint || isFault(error);
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error && lines.length < 200; at = at.cause) {
    const stack = cleanLines(at.stack ?? `${at.name}: ${at.message}`);
    lines.push(...(lines.length === 0 ? stack : [`caused by ${stack[0] ?? ''}`, ...stack.slice(1)]));
  }
  return lines;
}
