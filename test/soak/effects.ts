import { readFileSync } from 'node:fs';

/** One beginning of one step, as its process wrote it down. */
interface Effect {
  run: string;
  key: string;
  attempt: number;
  at: number;
  token: string;
}

/** By run and key. */
export type Effects = Map<string, Effect[]>;

export function readEffects(file: string): Effects {
  const effects: Effects = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [run = '', key = '', attempt, , at, token = ''] = line.split(' ');
    if (token === '') continue;
    const effect = { run, key, attempt: Number(attempt), at: Number(at), token };
    const others = effects.get(`${run} ${key}`);
    if (others === undefined) effects.set(`${run} ${key}`, [effect]);
    else others.push(effect);
  }
  return effects;
}

/** Beginnings that repeat one of the same attempt. */
export function countRepeated(effects: Effects): number {
  let repeated = 0;
  for (const list of effects.values()) repeated += list.length - new Set(list.map(({ attempt }) => attempt)).size;
  return repeated;
}
