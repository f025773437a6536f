import { createHash } from 'node:crypto';
import { Fault } from '../../kernel/faults.ts';

/**
 * Names of objects. Of each part nothing remains as it is but letters, digits, `-` and `_`, so that no part is taken for
 * a path (`..`), no character is changed on the way, and an owner's prefix is no other's. S3 takes 1,024 bytes.
 */
const longestPart = 500;

export function keyOf(blob: string): string {
  const slash = blob.lastIndexOf('/');
  return `${encoded(blob.slice(0, Math.max(0, slash)))}/${encoded(blob.slice(slash + 1))}`;
}

/** What all names of an owner's objects begin with, and no other's. */
export function prefixOf(owner: string): string {
  return `${encoded(owner)}/`;
}

function encoded(part: string): string {
  if (part === '') {
    throw new Fault('invalid_input', 'A blob is named by its owner, a slash and a name.', {
      problems: [{ path: 'key', message: 'a part is empty' }],
    });
  }
  const name = part.replace(/[^A-Za-z0-9_-]/gu, (character) => `!${Buffer.from(character).toString('hex')}`);
  return name.length <= longestPart ? name : `!${createHash('sha256').update(part).digest('hex')}`;
}
