/** A copy of plain data: objects, arrays and primitives. Several times as fast as `structuredClone`, which also takes what no record holds. */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy = { ...value } as Record<string, unknown>;
  for (const name in copy) {
    const field = copy[name];
    if (typeof field === 'object' && field !== null) copy[name] = copyOf(field);
  }
  return copy as T;
}
