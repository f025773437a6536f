import type { Ports } from './ports.ts';

/** 60 bits: it has to be new among the turns of one process on one run. Each append carries it. */
const turnLetters = 12;

/** The id of a turn's driver: its process, then what tells its turns apart. */
export function newDriverId({ liveness, ids }: Ports): string {
  return `${liveness.self}.${ids.random().slice(0, turnLetters)}`;
}
