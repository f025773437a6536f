/** Lists that mostly hold one item. What is made for a `push` has room for seventeen, and the store in memory keeps each turn's events. */

export const none: never[] = Object.freeze([]) as unknown as never[];

/** The list with one item more: changed if it holds some, made if it holds none. */
export function joined<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
