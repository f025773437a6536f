/**
 * Which steps a test means: a name, in whatever scope; a whole key in which `*` stands for any characters, as in
 * `lines/0/*`; or a RegExp over keys. Compensations have the key of what they undo behind `compensate:`.
 */
export type StepPattern = string | RegExp;

const undoing = 'compensate:';

/** Whether a step's key fits. */
export function fitsPattern(pattern: StepPattern, key: string): boolean {
  const plain = key.startsWith(undoing) ? key.replace(/#\d+$/, '') : key;
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(plain);
  if (pattern.includes('*')) return toRegExp(pattern).test(plain);
  return plain === pattern || (!plain.startsWith(undoing) && plain.slice(plain.lastIndexOf('/') + 1) === pattern);
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
