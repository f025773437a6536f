/**
 * Looks at a run on behalf of all who ask at once. A look that has begun may have missed what came after: whoever asks
 * while one is under way shares the next, which begins when that one has ended.
 */
export interface SharedLooks<Found> {
  /** What a look has found that began after this call; rejects as that does. Looks of one key are the same. */
  at(key: string, look: () => Promise<Found>): Promise<Found>;
}

interface UnderWay<Found> {
  ended: Promise<Found>;
  next: Promise<Found> | undefined;
}

export function createSharedLooks<Found>(): SharedLooks<Found> {
  const underWay = new Map<string, UnderWay<Found>>();

  function begin(key: string, look: () => Promise<Found>): Promise<Found> {
    const current: UnderWay<Found> = { ended: look(), next: undefined };
    underWay.set(key, current);
    const forget = () => {
      if (current.next === undefined) underWay.delete(key);
    };
    current.ended.then(forget, forget);
    return current.ended;
  }

  return {
    at(key, look) {
      const current = underWay.get(key);
      if (current === undefined) return begin(key, look);
      const beginNext = () => begin(key, look);
      current.next ??= current.ended.then(beginNext, beginNext);
      return current.next;
    },
  };
}
