import { describe, expect, test } from 'vitest';
import { runSchedule } from './schedule.ts';
import { modes } from './traits.ts';

const schedulesPerMode = 60;

const promises = {
  calm: 'with nothing but delay and reordering, every effect runs exactly once',
  faults: 'through kills, stalls, timeouts, losses and repetitions, every run settles as it should',
  stall: 'a driver that freezes at one call and thaws after its lease changes nothing any more',
  kill: 'a driver that dies at one call loses nothing',
  shaky: 'a store that does not answer in time costs no driver its run',
  poison: 'a step that kills its process fails, and is the only one to blame',
} as const;

describe('simulation, invariants 1 to 7', () => {
  test.each(modes)('%s', { timeout: 60_000 }, async (mode) => {
    for (let seed = 0; seed < schedulesPerMode; seed += 1) {
      const { violations } = await runSchedule(seed, { mode });
      const hint = `${promises[mode]}\nagain: npm run simulate -- --from ${seed} --seeds 1 --mode ${mode}`;
      expect(violations, hint).toEqual([]);
    }
  });
});
