import { describe, expect, test } from 'vitest';
import { argumentsOf, BadOption, optionsOf, replayOf } from './options.ts';
import { runSeed } from './schedule.ts';
import { modes } from './traits.ts';
import { exampleNames } from './workload.ts';

/** A few, to see a violation as a failed test; `npm run check:simulation` runs thousands. */
const schedulesPerMode = 20;
const schedulesPerExample = 3;

const promises = {
  calm: 'with nothing but delay and reordering, every effect runs exactly once',
  faults: 'through kills, stalls, timeouts, losses and repetitions, every run settles as it should',
  stall: 'a driver that freezes at one call and thaws after its lease changes nothing any more',
  kill: 'a driver that dies at one call loses nothing',
  shaky: 'a store that does not answer in time costs no driver its run',
  moment: 'a call that takes long, and people who act just then, lose nothing',
  poison: 'a step that kills its process fails, and is the only one to blame',
  reborn: 'a run that is deleted and started anew has nothing to do with what still goes on for the one before it',
} as const;

describe('simulation, invariants 1 to 7', () => {
  test.each(modes)('%s', { timeout: 60_000 }, async (mode) => {
    for (let seed = 0; seed < schedulesPerMode; seed += 1) {
      const { violations } = await runSeed(seed, { mode });
      const hint = `${promises[mode]}\nagain: npm run simulate -- --from ${seed} --mode ${mode} --story`;
      expect(violations, hint).toEqual([]);
    }
  });

  test.each(exampleNames)(
    'the example %s comes out as it does without faults',
    { timeout: 60_000 },
    async (example) => {
      for (let seed = 0; seed < schedulesPerExample; seed += 1) {
        const { violations } = await runSeed(seed, { mode: 'faults', example });
        const hint = `again: npm run simulate -- --from ${seed} --mode faults --example ${example} --story`;
        expect(violations, hint).toEqual([]);
      }
    },
  );

  test('a seed says everything: the same one twice has the same faults and the same effects', async () => {
    expect(await runSeed(7, { mode: 'faults' })).toEqual(await runSeed(7, { mode: 'faults' }));
  });
});

describe('the command line of the simulation', () => {
  test.each([
    [['--seeds', 'many'], "--seeds is a whole number from 1; it was given 'many'"],
    [['--seeds', '0'], "--seeds is a whole number from 1; it was given '0'"],
    [['--from', '1.5'], "--from is a whole number from 0; it was given '1.5'"],
    [
      ['--mode', 'wild'],
      "--mode is one of calm, faults, stall, kill, shaky, poison, moment, reborn; it was given 'wild'",
    ],
    [['--example', 'none'], 'order-graph-undone'],
    [['--whole'], '--whole goes with --story'],
    [['--sedes', '3'], "Unknown option '--sedes'"],
  ])('%j is refused', (args, message) => {
    expect(() => optionsOf(args)).toThrow(BadOption);
    expect(() => optionsOf(args)).toThrow(message);
  });

  test('a violation is told with the command that repeats it', () => {
    const options = optionsOf(['--mode', 'kill', '--seeds', '9', '--without-backstops']);
    expect(argumentsOf(options)).toEqual(['--from', '0', '--mode', 'kill', '--without-backstops']);
    expect(replayOf(options, 42)).toBe('npm run simulate -- --from 42 --mode kill --without-backstops --story');
  });
});
