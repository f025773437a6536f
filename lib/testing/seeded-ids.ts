import { systemIds } from '../adapters/system/ids.ts';
import type { Ids } from '../ports/ids.ts';

const idLength = 24;

/** Identifiers and jitter that are the same in every run of a test. */
export function createSeededIds(seed: number | string): Ids {
  let count = 0;

  function next(kind: string): string {
    count += 1;
    return systemIds.digest(`${kind}\n${seed}\n${count}`);
  }

  return {
    random: () => next('random').slice(0, idLength),
    fraction() {
      const digits = next('fraction').replace(/[^0-9a-f]/g, '');
      return Number.parseInt(digits.slice(0, 8).padEnd(8, '0'), 16) / 2 ** 32;
    },
    digest: systemIds.digest,
  };
}
