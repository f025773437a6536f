import { RE2JS } from 're2js';

/** A regular expression whose time is linear in the text. */
export interface LinearRegex {
  pattern: string;
  /** The first match that begins at `from` or later. Groups that took no part are undefined. */
  find(text: string, from?: number): { start: number; end: number; groups: (string | undefined)[] } | undefined;
}

/** Compiles a pattern of JavaScript without back references and lookaround; else says what is wrong with it. */
export function linearRegex(pattern: string, flags = ''): LinearRegex | { problem: string } {
  if (/\\k</.test(pattern)) return { problem: 'back references are not supported' };
  let compiled: RE2JS;
  try {
    const caseless = flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0;
    const multiline = flags.includes('m') ? RE2JS.MULTILINE : 0;
    compiled = RE2JS.compile(RE2JS.translateRegExp(pattern), caseless | multiline);
  } catch (error) {
    return { problem: reasonOf(error) };
  }
  return {
    pattern,
    find(text, from = 0) {
      const matcher = compiled.matcher(text);
      if (!matcher.find(from)) return undefined;
      const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1) ?? undefined);
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/\(\?(=|!|<=|<!)/.test(message)) return 'lookaround is not supported';
  if (/\\\d/.test(message)) return 'back references are not supported';
  return message.replace(/^error parsing regexp: /, '');
}
