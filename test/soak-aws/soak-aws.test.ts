/** The short forms; `npm run soak:aws` has the long ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { buildSandbox } from './build-sandbox.ts';
import { measureRecovery } from './recovery.ts';
import { runRound } from './round.ts';

let sandbox: Awaited<ReturnType<typeof buildSandbox>>;

beforeAll(async () => {
  sandbox = await buildSandbox();
});
afterAll(() => sandbox.remove());

describe('on services and lines that fail, in processes that are killed, frozen and cut off', () => {
  test('what was accepted is there, ends as it would have, and is recorded once', { timeout: 120_000 }, async () => {
    const { violations, counts } = await runRound({ seed: 1, file: sandbox.file, stormMs: 5_000 });
    expect(violations).toEqual([]);
    expect(counts.runs).toBeGreaterThan(0);
  });
});

describe('when all drivers die', () => {
  // The figures of docs/reliability.md.
  test('each run goes on within a lease and a tick of the sweeper', { timeout: 60_000 }, async () => {
    const tickMs = 60_000;
    const times = await measureRecovery({ runs: 20, phaseMs: 20_000, stepMs: 5_000 });
    expect(times).toHaveLength(20);
    expect(Math.max(...times)).toBeLessThanOrEqual(defaultLimits.leaseMs + tickMs);
  });
});
