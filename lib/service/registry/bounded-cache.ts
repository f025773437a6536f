/** Keeps what was used last, within a number of entries and a sum of their sizes. */
export interface BoundedCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T, size?: number): void;
  clear(): void;
}

export function createBoundedCache<T>(bounds: { entries: number; size?: number }): BoundedCache<T> {
  const { entries, size: mostSize = Number.POSITIVE_INFINITY } = bounds;
  const kept = new Map<string, { value: T; size: number }>();
  let sum = 0;

  function drop(key: string): void {
    sum -= kept.get(key)?.size ?? 0;
    kept.delete(key);
  }

  return {
    get(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      // A map keeps the order in which entries came: the first is the one that was used the longest ago.
      kept.delete(key);
      kept.set(key, entry);
      return entry.value;
    },
    set(key, value, size = 1) {
      drop(key);
      kept.set(key, { value, size });
      sum += size;
      for (const oldest of kept.keys()) {
        if (kept.size <= entries && sum <= mostSize) return;
        if (oldest !== key) drop(oldest);
      }
    },
    clear() {
      kept.clear();
      sum = 0;
    },
  };
}
