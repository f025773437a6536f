/** The command line of the simulation. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Mode, modes } from './traits.ts';
import { exampleNames } from './workload.ts';

export interface Options {
  seeds: number;
  from: number;
  mode: Mode | undefined;
  example: string | undefined;
  withoutBackstops: boolean;
  workers: number;
  /** Not only to the first violation. */
  keepGoing: boolean;
  story: boolean;
  whole: boolean;
}

/** What is wrong with an option, for whoever typed it. */
export class BadOption extends Error {}

/** Throws `BadOption`. */
export function optionsOf(args: string[]): Options {
  const values = parse(args);
  const { mode, example } = values;
  if (values.whole && !values.story) throw new BadOption('--whole goes with --story');
  return {
    seeds: wholeNumber('--seeds', values.seeds, 1),
    from: wholeNumber('--from', values.from, 0),
    mode: mode === undefined ? undefined : oneOf('--mode', mode, modes),
    example: example === undefined ? undefined : oneOf('--example', example, exampleNames),
    withoutBackstops: values['without-backstops'],
    workers: values.workers === undefined ? availableParallelism() : wholeNumber('--workers', values.workers, 1),
    keepGoing: values['keep-going'],
    story: values.story,
    whole: values.whole,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '0' },
        mode: { type: 'string' },
        example: { type: 'string' },
        'without-backstops': { type: 'boolean', default: false },
        workers: { type: 'string' },
        'keep-going': { type: 'boolean', default: false },
        story: { type: 'boolean', default: false },
        whole: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadOption((error as Error).message);
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < least) {
    throw new BadOption(`${option} is a whole number from ${least}; it was given '${text}'`);
  }
  return number;
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new BadOption(`${option} is one of ${known.join(', ')}; it was given '${text}'`);
  return found;
}

/** As `run.ts` takes them. */
export function argumentsOf({ from, mode, example, withoutBackstops }: Options): string[] {
  return [
    ...['--from', `${from}`],
    ...(mode === undefined ? [] : ['--mode', mode]),
    ...(example === undefined ? [] : ['--example', example]),
    ...(withoutBackstops ? ['--without-backstops'] : []),
  ];
}

/** The command that tells of one seed what happened in it. */
export function replayOf(options: Options, seed: number): string {
  return `npm run simulate -- ${argumentsOf({ ...options, from: seed }).join(' ')} --story`;
}
