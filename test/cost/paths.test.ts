import { expect, test } from 'vitest';
import { paths } from '../../lib/cost/reference/paths.ts';
import type { TableUse } from '../../lib/cost/uses.ts';
import { measurePath } from './measure-path.ts';

// Real time passes here: where a machine stalls for a second, a step becomes a long one. Again it does not.
test.each(paths)('$path: so many units, and no more', { retry: 1 }, async (path) => {
  const { writes = {}, reads = {}, queue, blobs = {}, invocations } = path;
  const { counts, troubles, uses } = await measurePath(path);
  expect(troubles).toEqual([]);
  expect(counts).toEqual({ writes, reads, queue, blobs, invocations });
  expect(uses.filter((use) => use.service === 'dynamodb').filter(isCountedElse)).toEqual([]);
});

/** The emulator counts for itself, but not what indexes cost, nor a query that finds nothing. */
function isCountedElse({ reported, readUnits, writeUnits, about, outcome }: TableUse): boolean {
  if (outcome === 'condition_failed') return reported !== undefined;
  const isEmptyQuery = reported === 0 && readUnits === 0.5 && about === 'status';
  return reported !== readUnits + writeUnits && !isEmptyQuery;
}
