/**
 * Looks at a run on behalf of all who ask at once. A look that has begun may have missed what came after: whoever asks
 * while one is under way shares the next, which begins when that one has ended.
 */
export interface SharedLooks {
  /** Resolves when a look that began after this call has ended, and rejects as it does. Looks of one key are the same. */
  at(key: string, look: () => Promise<void>): Promise<void>;
}

interface UnderWay {
  ended: Promise<void>;
  next: Promise<void> | undefined;
}

export function createSharedLooks(): SharedLooks {
  const underWay = new Map<string, UnderWay>();

  function begin(key: string, look: () => Promise<void>): Promise<void> {
    const current: UnderWay = { ended: look(), next: undefined };
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
