import type { Definition } from '../kernel/definition.ts';

export type ChildReplacement = (input: unknown) => unknown;

const weekMs = 7 * 86_400_000;

/** A workflow that does nothing but call the function: its runs, and what parents see of them, are real. */
export function childStandIn(name: string, replaced: Definition | undefined, run: ChildReplacement): Definition {
  return {
    name,
    version: replaced?.version ?? 1,
    durability: 'each',
    timeoutMs: replaced?.timeoutMs ?? weekMs,
    retentionMs: replaced?.retentionMs ?? weekMs,
    parseInput: (input) => (replaced ? replaced.parseInput(input) : input),
    run: (operations, input) =>
      operations.step('stand-in', {
        run: () => run(input),
        retry: { attempts: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
        atMostOnce: false,
      }).result,
  };
}
