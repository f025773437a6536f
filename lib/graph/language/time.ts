import { type Duration, toMoment, toMs } from '../../workflow/duration.ts';
import type { Json } from '../definition.ts';
import { type Shape, unexpected } from './shape.ts';

const milliseconds: { [key: string]: Json } = { type: 'number', minimum: 0 };

/** Milliseconds. */
export const duration: Shape<number> = {
  noun: 'duration',
  words: 'a duration like "500ms", "30s", "5m", "2h", "7d", or milliseconds',
  read(node, path, reader) {
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' || typeof value === 'string') {
      const ms = tried(() => toMs(value as Duration, ''));
      if (ms !== undefined) return ms;
    }
    return unexpected(duration, node, path, reader);
  },
  schema: () => ({ anyOf: [milliseconds, { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$' }] }),
};

/** Milliseconds, more than none: what takes no time at all would always be too late. */
export const span: Shape<number> = {
  ...duration,
  read(node, path, reader) {
    const ms = duration.read(node, path, reader);
    if (ms !== 0) return ms;
    reader.problems.add(node.start, path, 'expected a duration of more than 0');
    return undefined;
  },
};

/** Milliseconds since the epoch. */
export const moment: Shape<number> = {
  noun: 'moment',
  words: 'a moment in ISO 8601 with a zone, like "2030-01-31T08:00:00Z"',
  read(node, path, reader) {
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'string' && iso.test(value)) {
      const ms = tried(() => toMoment(value, ''));
      if (ms !== undefined) return ms;
    }
    return unexpected(moment, node, path, reader);
  },
  schema: () => ({ type: 'string', pattern: iso.source }),
};

const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

function tried(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
