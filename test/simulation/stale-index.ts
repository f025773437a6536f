import { isOpen } from '../../lib/kernel/head.ts';
import type { Setting } from './setting.ts';

/** How old an answer may be: the oldest of so many. */
const remembered = 4;

/** An index that lags: now and then it answers as it did some sweeps ago (K18). */
export function staleIndex({ world, fate, tell }: Setting, mayLag: () => boolean): void {
  const { listDue, list } = world.store;
  const before: { id: string; wakeAt: number }[][] = [];
  let nth = 0;
  world.store.listDue = async (until, page) => {
    nth += 1;
    const answer = await listDue(until, page);
    const { items } = await list({}, { limit: 1_000 });
    const then = before[fate.below(`stale by ${nth}`, before.length)];
    before.push(items.flatMap(({ birth, state }) => (isOpen(state) ? [{ id: birth.id, wakeAt: state.wakeAt }] : [])));
    if (before.length > remembered) before.shift();
    if (!then || !mayLag() || !fate.strikes('stale', `${nth}`)) return answer;
    tell('index', 'answers as it did some time ago');
    return { items: then.filter(({ wakeAt }) => wakeAt <= until) };
  };
}
