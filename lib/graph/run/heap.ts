/** A priority queue: what `isBefore` everything else comes out first. Both operations take logarithmic time. */
export interface Heap<T> {
  readonly size: number;
  push(item: T): void;
  pop(): T | undefined;
  peek(): T | undefined;
}

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const at = (index: number) => items[index] as T;

  function rise(from: number): void {
    const item = at(from);
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(item, at(parent))) break;
      items[index] = at(parent);
      index = parent;
    }
    items[index] = item;
  }

  function sink(): void {
    const item = at(0);
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(at(child + 1), at(child))) child += 1;
      if (!isBefore(at(child), item)) break;
      items[index] = at(child);
      index = child;
    }
    items[index] = item;
  }

  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      rise(items.length - 1);
    },
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0) {
        items[0] = last as T;
        sink();
      }
      return first;
    },
    peek: () => items[0],
  };
}
