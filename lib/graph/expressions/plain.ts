/** Values on their way into an expression and out of it. */
import type { Json } from '../definition.ts';
import { isFunctionValue } from './meter.ts';

export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** What of a value is looked at: all of it, or some fields. */
export type Projection = 'all' | Map<string, Projection>;

export function projectionOf(paths: readonly string[][]): Projection {
  const fields = new Map<string, string[][]>();
  for (const [name, ...rest] of paths) {
    if (name === undefined) return 'all';
    const below = fields.get(name);
    if (below) below.push(rest);
    else fields.set(name, [rest]);
  }
  return new Map([...fields].map(([name, below]) => [name, projectionOf(below)]));
}

/**
 * A copy of what is looked at. JSONata writes into the lists that it is given, so it never gets those of others; and it
 * takes objects with some names for its own functions.
 */
export function copyIn(value: Json | undefined, projection: Projection): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => copyIn(item, projection));
  const copy: Record<string, unknown> = Object.create(null);
  for (const name of projection === 'all' ? Object.keys(value) : projection.keys()) {
    if (name.startsWith('_jsonata_')) throw new NotPlain(`it reads a field "${name}", which JSONata keeps for itself`);
    if (!Object.hasOwn(value, name)) continue;
    copy[name] = copyIn(value[name], projection === 'all' ? 'all' : (projection.get(name) ?? 'all'));
  }
  return copy;
}

/**
 * Plain JSON of what JSONata gives. Nothing stays undefined at the top, is left out of objects and null in lists. Throws
 * `NotPlain` for what JSON cannot hold.
 */
export function copyOut(value: unknown): Json | undefined {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotPlain(`it gives ${value}, which JSON cannot hold`);
    return value === 0 ? 0 : value;
  }
  if (isFunctionValue(value)) throw new NotPlain('it gives a function');
  if (Array.isArray(value)) return value.map((item) => copyOut(item) ?? null);
  const result: { [key: string]: Json } = {};
  for (const [name, part] of Object.entries(value)) {
    if (name === '__proto__') throw new NotPlain('it gives a field "__proto__"');
    const copy = copyOut(part);
    if (copy !== undefined) result[name] = copy;
  }
  return result;
}
