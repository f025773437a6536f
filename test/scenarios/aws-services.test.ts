/** SQS, DynamoDB and Lambda as they are on a bad day: stale, doubled, late, cut off, frozen, forgetful. */
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectTaggingCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalAwsOptions } from '../../lib/dev/local-aws.ts';
import { createShiftedClock, type ShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { type AwsCall, type AwsStage, type AwsTrouble, disturbed, openAwsStage } from '../end-to-end/aws-stage.ts';
import { hold } from '../kernel/harness.ts';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

let clock: ShiftedClock;
let stage: AwsStage;
/** What happens to calls of the functions; `deployment` counts from 1. */
let rule: ((call: AwsCall, deployment: number) => AwsTrouble | undefined) | undefined;
/** What steps did, in their order. */
let done: string[];

const did = <T>(what: string, value: T): T => {
  done.push(what);
  return value;
};

async function begin(workflows: unknown[], options: Partial<LocalAwsOptions> = {}): Promise<void> {
  let deployments = 0;
  stage = await openAwsStage({
    workflows: { workflows },
    wrapClients: (clients) => {
      deployments += 1;
      const own = deployments;
      return disturbed(clients, (call) => rule?.(call, own));
    },
    ...options,
    clock,
  });
}

beforeEach(() => {
  clock = createShiftedClock();
  rule = undefined;
  done = [];
});
afterEach(() => stage.close());

const doubling = workflow({ name: 'doubling' }, (ctx, n: number) =>
  ctx.step('double', () => did(`double ${n}`, 2 * n)),
);
const textOf = (input: unknown) => JSON.stringify(input);

describe('scenario 1: the index says what was so a while ago', () => {
  // Guards: the sweeper looks at the head itself, and moves only the wakeAt that the index said (K18).
  test('a run that the index still shows as due, and that has ended, is left alone', async () => {
    await begin([doubling], { eventSource: false });
    const run = await stage.client.start('doubling', 4);
    clock.skip(minute);
    const first = new Map<string, Record<string, unknown>>();
    rule = ({ command, input }) => {
      const partition = command === 'Query' ? /open#\d+/.exec(textOf(input))?.[0] : undefined;
      if (partition === undefined) return undefined;
      const stale = (output: Record<string, unknown>) => first.get(partition) ?? output;
      return { do: 'answer', with: (output) => first.set(partition, stale(output)) && stale(output) };
    };
    expect((await stage.aws.sweep()).woken).toBe(1);
    await stage.deliver();
    expect(await run.result()).toBe(8);
    for (let tick = 0; tick < 3; tick += 1) {
      clock.skip(minute);
      expect((await stage.aws.sweep()).woken).toBe(0);
    }
    expect(await stage.takeAway()).toBe(0);
    expect(done).toEqual(['double 4']);
    expect((await run.get()).status).toBe('completed');
  });
});

describe('scenario 4: the services fail while runs are being recovered', () => {
  // Guards: a tick that failed is followed by another that begins with what is still due; each run is woken for itself (K18).
  test('the index, a head and the queue fail in turn: every run is woken by a later tick', async () => {
    let refusesToSend = false;
    await begin([doubling], {
      eventSource: false,
      sqsFaults: { call: (operation) => (refusesToSend && operation === 'SendMessage' ? 'throttled' : undefined) },
    });
    const [bad, good] = [await stage.client.start('doubling', 1), await stage.client.start('doubling', 2)];
    expect(await stage.takeAway()).toBe(2);
    const tick = async () => {
      clock.skip(minute);
      return stage.passing(stage.aws.sweep(), 200);
    };
    rule = ({ command, input }) =>
      command === 'Query' && /open#/.test(textOf(input)) ? { do: 'throttle' } : undefined;
    await expect(tick()).rejects.toMatchObject({ code: 'unavailable' });
    rule = ({ command, input }) =>
      command === 'GetItem' && textOf(input).includes(bad.id) ? { do: 'throttle' } : undefined;
    expect(await tick()).toMatchObject({ woken: 1 });
    await stage.deliver();
    expect(await good.result()).toBe(4);
    rule = undefined;
    refusesToSend = true;
    expect(await tick()).toMatchObject({ woken: 0 });
    refusesToSend = false;
    expect(await tick()).toMatchObject({ woken: 1 });
    await stage.deliver();
    expect(await bad.result()).toBe(2);
    expect(stage.troubles.filter((trouble) => trouble.startsWith('The sweeper could not wake the run'))).toHaveLength(
      2,
    );
  });
});

describe('scenario 11: signals come before anybody waits for them', () => {
  // Guards: what came is mail, by its id once (K19), in the order in which it was accepted.
  test('delivered twice and the last first, they are taken once each, in the order in which they were sent', async () => {
    const gate = hold();
    const collecting = workflow({ name: 'collecting' }, async (ctx, count: number) => {
      await ctx.step('open', () => did('open', gate.promise));
      const taken: unknown[] = [];
      for (let i = 0; i < count; i += 1) taken.push(await ctx.signal('item'));
      return taken;
    });
    await begin([collecting], {
      sqsFaults: { arrival: () => ({ copies: 2 }), order: (visible) => [...visible].reverse() },
    });
    const run = await stage.client.start('collecting', 5);
    await stage.until(() => done.length > 0);
    for (let item = 0; item < 5; item += 1) {
      await stage.client.signalRun(run.id, 'item', { payload: item });
      clock.skip(second);
    }
    const heard = async () => {
      const { unread = [] } = await run.get();
      const { items } = await stage.client.getHistory(run.id);
      return new Set([...unread, ...items.filter(({ type }) => type === 'run_signalled')].map(({ at }) => at)).size;
    };
    await stage.until(async () => (await heard()) === 5);
    gate.release();
    expect(await run.result()).toEqual([0, 1, 2, 3, 4]);
    const { items } = await stage.client.getHistory(run.id);
    expect(items.filter(({ type }) => type === 'run_signalled')).toHaveLength(5);
    expect(new Set(done)).toEqual(new Set(['open']));
  });
});

describe('scenario 16: DynamoDB has written, and its answer is lost', () => {
  // Guards: a condition that failed is compared with one's own write, by the store (mayBeOwn) and by the kernel (K5).
  test('each write is repeated and fails by its own condition: nobody is told so, and nothing is there twice', async () => {
    const adding = workflow({ name: 'adding' }, async (ctx, n: number) => {
      const a = await ctx.step('a', () => did('a', n));
      const b = await ctx.child(doubling, a);
      const c = await ctx.signal<number>('c');
      return ctx.step('sum', () => did('sum', a + b + c));
    });
    await begin([adding, doubling]);
    const seen = new Set<string>();
    let lost = 0;
    rule = ({ command, input }) => {
      if (command !== 'PutItem' && command !== 'UpdateItem') return undefined;
      const text = command + textOf(input);
      if (seen.has(text)) return undefined;
      seen.add(text);
      lost += 1;
      return { do: 'unanswered' };
    };
    const { run, created } = await stage.passing(stage.client.startRun({ workflow: 'adding', input: 5 }), 50);
    expect(created).toBe(true);
    await stage.until(async () => (await stage.client.getRun(run.id)).awaiting?.[0]?.key === 'signal:c', 50);
    await stage.client.signalRun(run.id, 'c', { payload: 100 });
    await stage.until(stage.is(run.id, 'completed'), 50);
    expect((await stage.client.getRun(run.id)).output).toBe(115);
    expect(done).toEqual(['a', 'double 5', 'sum']);
    const { items } = await stage.client.getHistory(run.id);
    const outcomes = items.filter(({ type }) => /completed|settled|signalled/.test(type));
    expect(outcomes.map(({ type, key, name }) => `${type} ${key ?? name ?? ''}`.trim())).toEqual([
      'task_completed a',
      'child_settled child:doubling',
      'run_signalled c',
      'task_completed sum',
      'run_completed',
    ]);
    expect(lost).toBeGreaterThan(10);
    expect(stage.troubles).toEqual([]);
  });
});

describe('scenario 17: a function is frozen, and thaws long after its lease', () => {
  // Guards: a lost position ends the turn (K9); a driver sees at its watch, too, that the run is another's (K14).
  test.each([
    ['in the middle of a step', () => true],
    [
      'with the outcome of a step on its way',
      ({ command, input }: AwsCall) => command === 'PutItem' && /"event#/.test(textOf(input)),
    ],
  ])('%s: the outcome is not recorded, and it starts nothing more', async (where, concerns) => {
    const step = hold();
    const thaw = hold();
    const invocations: Promise<unknown>[] = [];
    const baking = workflow({ name: 'baking' }, async (ctx) => {
      const first = await ctx.step('dough', async () => {
        const number = did('dough', done.length + 1);
        if (number === 1 && where.startsWith('in')) await step.promise;
        return number;
      });
      return ctx.step('bake', () => did(`bake dough ${first}`, first));
    });
    await begin([baking], {
      wrapInvocation(name, invocation) {
        const answer = invocation();
        if (name === 'driver') invocations.push(answer);
        return answer;
      },
    });
    rule = (call, deployment) =>
      deployment === 1 && concerns(call) && done.length > 0 ? { do: 'hang', until: thaw.promise } : undefined;
    const run = await stage.client.start('baking');
    await stage.until(() => done.length === 1);
    stage.aws.deploy({ workflows: { baking }, deployment: 'first' });
    await stage.until(async () => (await stage.aws.sweep()).woken > 0, 5 * second);
    await stage.until(stage.is(run.id, 'completed'));
    step.release();
    thaw.release();
    expect(await invocations[0]).toEqual({ batchItemFailures: [] });
    expect(done).toEqual(['dough', 'dough', 'bake dough 2']);
    const { items } = await stage.client.getHistory(run.id);
    const outcomes = items.filter(({ type }) => type.endsWith('_completed'));
    expect(outcomes.map(({ type, key }) => `${type} ${key ?? ''}`.trim())).toEqual([
      'task_completed dough',
      'task_completed bake',
      'run_completed',
    ]);
    expect((await run.get()).output).toBe(2);
  });
});

describe('scenario 19: a run is paused for weeks, and the table forgets what has expired', () => {
  /** Deletes what DynamoDB and S3 may have deleted by now. Answers with what there was. */
  async function forget(createdAt: number): Promise<{ ttls: number[]; classes: number[]; forgotten: number }> {
    const { clients, environment } = stage.aws.services;
    const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: environment.table }));
    const ofRuns = Items.filter(({ pk }) => pk?.S?.startsWith('run#'));
    const ttls = ofRuns.map(({ ttl }) => Number(ttl?.N ?? Number.POSITIVE_INFINITY) * second);
    let forgotten = 0;
    for (const [index, { pk, sk }] of ofRuns.entries()) {
      if ((ttls[index] as number) > clock.now()) continue;
      await clients.dynamodb.send(new DeleteItemCommand({ TableName: environment.table, Key: { pk, sk } as never }));
      forgotten += 1;
    }
    const Bucket = environment.bucket;
    const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket }));
    const classes: number[] = [];
    for (const { Key } of Contents) {
      const { TagSet } = await clients.s3.send(new GetObjectTaggingCommand({ Bucket, Key }));
      const days = Number(TagSet?.[0]?.Value ?? Number.POSITIVE_INFINITY);
      classes.push(days);
      if (createdAt + days * day > clock.now()) continue;
      await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
      forgotten += 1;
    }
    return { ttls, classes, forgotten };
  }

  // Guard: what belongs to a run expires after its deadline, the grace and the retention (K25).
  test('nothing of an open run has expired: it is resumed and goes on with all it had', async () => {
    const archiving = workflow({ name: 'archiving', timeout: '60d', retention: '10d' }, async (ctx, text: string) => {
      const copy = await ctx.step('copy', () => did('copy', `${text}!`));
      const stamp = await ctx.signal<string>('stamp');
      return ctx.step('file', () => did('file', copy.length + stamp.length));
    });
    await begin([archiving]);
    const createdAt = clock.now();
    const run = await stage.client.start('archiving', 'x'.repeat(100_000));
    await stage.until(stage.is(run.id, 'waiting'));
    await stage.client.pauseRun(run.id);
    await stage.until(stage.is(run.id, 'paused'));
    await stage.client.signalRun(run.id, 'stamp', { payload: 'ok' });
    await stage.until(async () =>
      (await stage.client.getHistory(run.id)).items.some(({ type }) => type === 'run_signalled'),
    );
    for (let week = 0; week < 6; week += 1) {
      clock.skip(7 * day);
      await stage.aws.sweep();
      const { ttls, classes, forgotten } = await forget(createdAt);
      expect(forgotten).toBe(0);
      expect(ttls.length).toBeGreaterThan(2);
      expect(classes).toHaveLength(2);
      const end = createdAt + 70 * day + defaultLimits.timeoutGraceMs;
      for (const ttl of ttls) expect(ttl).toBeGreaterThanOrEqual(end);
      for (const days of classes) expect(createdAt + days * day).toBeGreaterThanOrEqual(end);
    }
    expect((await run.get()).status).toBe('paused');
    await stage.client.resumeRun(run.id);
    expect(await run.result()).toBe(100_003);
    expect(done).toEqual(['copy', 'file']);
  });
});
