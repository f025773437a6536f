import type { Problems } from '../problems.ts';
import type { SourceEntry } from './nodes.ts';
import { at, type Path } from './path.ts';

/** Adds fields to an object, and complains of a name that comes twice or that no object can have. */
export function createFields(path: Path | undefined, problems: Problems) {
  const names = new Set<string>();
  const entries: SourceEntry[] = [];
  return {
    entries,
    /** Whether the name is taken: its value is to be read all the same, for its problems. */
    claim(name: string, offset: number): boolean {
      if (name === '__proto__') {
        problems.add(offset, at(path, name), 'a field cannot be named "__proto__"');
        return false;
      }
      if (names.has(name)) {
        problems.add(offset, at(path, name), `there is a second field "${name}" in this object`, 'keep one of them');
        return false;
      }
      names.add(name);
      return true;
    },
  };
}
