/** What is large, on services with limits: an item of DynamoDB holds 400 KB, a message of SQS 1 MB. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import type { Fault } from '../../lib/kernel/faults.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { type AwsStage, openAwsStage } from '../end-to-end/aws-stage.ts';
import { seededFraction } from '../kernel/harness.ts';

let stage: AwsStage;

async function begin(...workflows: unknown[]): Promise<void> {
  stage = await openAwsStage({ workflows: { workflows }, clock: createShiftedClock() });
}

afterEach(() => stage.close());

/** A text that cannot be compressed much, of so many characters; the wide ones take three bytes each. */
function noise(seed: number, chars: number, wide = false): string {
  const fraction = seededFraction(seed);
  const [from, count] = wide ? [0x4e00, 20_000] : [0x30, 75];
  let text = '';
  for (let i = 0; i < chars; i += 1) text += String.fromCharCode(from + Math.floor(fraction() * count));
  return text;
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

describe('scenario 10: a map gives more than any record holds', () => {
  // Guards: what the program gets is what is stored, whole or by reference, live and in replay; a reference has a checksum.
  test('every replay sees each result as it was, and so does who asks for the output', async () => {
    const scanning = workflow({ name: 'scanning' }, async (ctx, pages: number) =>
      ctx.map('pages', [...Array(pages).keys()], (page, own) =>
        own.step('scan', () => ({ page, text: noise(page, page % 5 === 0 ? 90_000 : 15_000), none: undefined })),
      ),
    );
    const binding = workflow({ name: 'binding' }, async (ctx, pages: number) => {
      const scanned = await ctx.map('scans', [...Array(pages).keys()], (page, own) =>
        own.step('scan', () => ({ page, text: noise(page, page % 5 === 0 ? 90_000 : 15_000), none: undefined })),
      );
      const bought = await ctx.child(scanning, pages);
      const live = await ctx.step('digest', () => [digest(scanned), digest(bought)]);
      await ctx.signal('bind');
      return { live, replayed: [digest(scanned), digest(bought)], scanned };
    });
    await begin(scanning, binding);
    const run = await stage.client.start('binding', 20);
    await stage.until(async () => (await stage.client.getRun(run.id)).awaiting?.[0]?.key === 'signal:bind');
    await stage.client.signalRun(run.id, 'bind');
    const { live, replayed, scanned } = (await run.result()) as {
      live: string[];
      replayed: string[];
      scanned: object[];
    };
    expect(replayed).toEqual(live);
    expect(live[0]).toBe(live[1]);
    expect(scanned).toHaveLength(20);
    expect(digest(scanned)).toBe(live[0]);
    expect(stage.troubles).toEqual([]);
  });
});

describe('scenario 13: an error says more than any record holds, and never the same', () => {
  const wide = (seed: number, chars: number) => noise(seed, 8_000, true).repeat(Math.ceil(chars / 8_000));

  /** Another one each time, and each of its causes as bad. */
  function monster(depth = 0): Error {
    const seed = depth + Date.now();
    const error = new Error(wide(seed, 1_000_000));
    error.name = wide(seed + 1, 100_000);
    error.stack = wide(seed + 2, 1_000_000);
    Object.assign(error, { code: wide(seed + 3, 100_000), details: noise(seed + 4, 7_990 / 2 ** depth, true) });
    if (depth < 6) error.cause = monster(depth + 1);
    return error;
  }

  // Guards: an error is stored once, bounded in itself and as a whole; the program catches what is stored (stored-error.ts).
  test('it is stored once and bounded, the run goes on, and each replay branches on the same', async () => {
    let thrown = 0;
    const failing = workflow({ name: 'failing' }, async (ctx) => {
      const caught = await ctx
        .step(
          'fail',
          () => {
            thrown += 1;
            throw monster();
          },
          { retry: { attempts: 2, initial: 1, jitter: 0 } },
        )
        .catch((error: Error) => error);
      const seen = () => digest([caught.name, caught.message, caught.stack, String((caught.cause as Error)?.message)]);
      const live = await ctx.step('look', seen);
      await ctx.signal('go');
      if (seen() !== live) throw new Error('another error in replay');
      throw caught;
    });
    await begin(failing);
    const run = await stage.client.start('failing');
    await stage.until(stage.is(run.id, 'waiting'), 100);
    expect(thrown).toBe(2);
    await stage.client.signalRun(run.id, 'go');
    await stage.until(stage.is(run.id, 'failed'), 100);
    const { error } = await stage.client.getRun(run.id);
    expect(error?.message).toMatch(/… \(cut\)$/);
    expect(Buffer.byteLength(JSON.stringify(error))).toBeLessThan(300_000);
    expect(thrown).toBe(2);
    expect(stage.troubles).toEqual([]);
  });
});

describe('scenario 14: a result is as large as a result may be', () => {
  const { inlineBytes, payloadBytes } = defaultLimits;

  // Guards: sizes are checked where the task ends, in bytes; what is over the budget goes to the bucket; chunks are split.
  test('around the size from which it lies in the bucket, step, child and signal pass it on unharmed', async () => {
    const around = Array.from({ length: 12 }, (_, more) => inlineBytes - 10 + more);
    const echo = workflow({ name: 'echo' }, async (_ctx, text: string) => text);
    const carrying = workflow({ name: 'carrying' }, async (ctx, chars: number[]) => {
      const plain = await ctx.map('plain', chars, (length, own) => own.step('make', () => noise(length, length)));
      const wide = await ctx.map('wide', chars, (length, own) =>
        own.step('make', () => noise(length, Math.floor(length / 3), true)),
      );
      const echoed = await ctx.map('echo', [...plain.slice(-4), ...wide.slice(-4)], (text, own) =>
        own.child(echo, text),
      );
      const told = await ctx.signal<string>('told');
      return [plain.map(digest), wide.map(digest), echoed.map(digest), digest(told)];
    });
    await begin(echo, carrying);
    const run = await stage.client.start('carrying', around);
    await stage.until(async () => (await stage.client.getRun(run.id)).awaiting?.[0]?.key === 'signal:told');
    const told = noise(1, inlineBytes - 2);
    await stage.client.signalRun(run.id, 'told', { payload: told });
    const [plain, wide, echoed, heard] = (await run.result()) as [string[], string[], string[], string];
    expect(plain).toEqual(around.map((length) => digest(noise(length, length))));
    expect(wide).toEqual(around.map((length) => digest(noise(length, Math.floor(length / 3), true))));
    expect(echoed).toEqual([...plain.slice(-4), ...wide.slice(-4)]);
    expect(heard).toBe(digest(told));
    expect(stage.troubles).toEqual([]);
  });

  test('one byte over the greatest size fails the step, with an error that the workflow can catch', async () => {
    const packing = workflow({ name: 'packing' }, async (ctx, chars: number) => {
      const whole = await ctx.step('fits', () =>
        randomBytes(chars)
          .toString('base64')
          .slice(0, chars - 2),
      );
      const over = async (name: string, text: () => string) =>
        ctx.step(name, text).catch(({ code, message }) => [code, message]);
      return [
        whole.length,
        await over('over', () => 'x'.repeat(chars - 1)),
        await over('wide', () => '\u6f22'.repeat(chars / 3)),
      ];
    });
    await begin(packing);
    const run = await stage.client.start('packing', payloadBytes);
    await stage.until(stage.is(run.id, 'completed'));
    const [length, ...refusals] = (await run.get()).output as [number, ...[string, string][]];
    expect(length).toBe(payloadBytes - 2);
    expect(refusals).toHaveLength(2);
    for (const [code, message] of refusals) {
      expect(code).toBe('too_large');
      expect(message).toContain(`payloadBytes is ${payloadBytes}`);
    }
    expect(stage.troubles).toEqual([]);
  });

  test('a report that no record holds is refused where it is made', async () => {
    const reporting = workflow({ name: 'reporting' }, async (ctx) => {
      ctx.report({ fits: noise(1, 1_000) });
      await ctx.step('one', () => 1);
      try {
        ctx.report(noise(1, 2_000_000));
      } catch (error) {
        return (error as Fault).code;
      }
      return 'taken';
    });
    await begin(reporting);
    const run = await stage.client.start('reporting');
    expect(await run.result()).toBe('too_large');
    expect((await run.get()).report).toMatchObject({ fits: expect.any(String) });
  });
});
