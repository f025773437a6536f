/** The functions over stand-ins of DynamoDB, SQS and S3, asked over HTTP as a client asks them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PawlClient } from '../../lib/client/index.ts';
import type { LocalAws, LocalAwsOptions } from '../../lib/dev/local-aws.ts';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { type AwsStage, disturbed, forever, openAwsStage } from './aws-stage.ts';
import { createWorkflows, type Effects } from './aws-workflows.ts';

const minute = 60_000;

let clock: ReturnType<typeof createShiftedClock>;
let effects: Effects;
let stage: AwsStage;
let aws: LocalAws;
let client: PawlClient;

async function begin(options: Partial<LocalAwsOptions> = {}): Promise<void> {
  stage = await openAwsStage({ workflows: createWorkflows(clock, effects), ...options, clock });
  ({ aws, client } = stage);
}

beforeEach(() => {
  clock = createShiftedClock();
  effects = { done: [] };
});
afterEach(() => stage.close());

describe('on AWS', () => {
  test('a run goes from HTTP through the queue to its output', async () => {
    await begin();
    const run = await client.start('double', 21);
    expect(await run.result()).toBe(42);
    expect(effects.done).toEqual(['double 21']);
    expect((await client.listTasks(run.id)).map(({ key, status }) => `${key} ${status}`)).toEqual(['double completed']);
    expect(stage.troubles).toEqual([]);
  });

  test('parallel steps run in one invocation', async () => {
    await begin();
    expect(await (await client.start('fan', 50)).result()).toBe(40_425);
  });

  test('a signal wakes a run that waits', async () => {
    await begin();
    const { id } = await client.start('approval');
    await stage.until(stage.is(id, 'waiting'));
    await client.signalRun(id, 'answer', { payload: { by: 'Ada' } });
    expect(await client.run(id).result()).toBe('Ada');
    expect(effects.done).toEqual(['ask', 'act for Ada']);
  });

  test('a child runs by itself and tells its parent', async () => {
    await begin();
    expect(await (await client.start('parent', 20)).result()).toBe(41);
  });

  test('a short sleep ends by a delayed message, a long one by the sweeper', async () => {
    await begin();
    const nap = await client.start('nap', '5m');
    const night = await client.start('nap', '8h');
    await stage.until(stage.is(nap.id, 'waiting'));
    await stage.until(stage.is(night.id, 'waiting'));
    clock.skip(5 * minute + 1_000);
    expect(await nap.result()).toBe('awake');
    clock.skip(8 * 60 * minute);
    await aws.sweep();
    expect(await night.result()).toBe('awake');
  });

  test('a cancelled run is cancelled', async () => {
    await begin();
    const { id } = await client.start('approval');
    await stage.until(stage.is(id, 'waiting'));
    await client.cancelRun(id, { reason: 'no longer wanted' });
    await stage.until(stage.is(id, 'cancelled'));
    expect((await client.getRun(id)).error).toMatchObject({ message: 'no longer wanted' });
  });

  test('the same key starts one run', async () => {
    await begin();
    const [first, second] = await Promise.all([
      client.start('double', 4, { key: 'k' }),
      client.start('double', 4, { key: 'k' }),
    ]);
    expect(second.id).toBe(first.id);
    expect(await first.result()).toBe(8);
    expect(effects.done).toEqual(['double 4']);
  });

  test('a callback token is answered once, by whoever has it', async () => {
    await begin();
    const run = await client.start('callback');
    await stage.until(() => effects.done.length === 1);
    await client.answerCallback(effects.done[0] as string, { result: 'yes' });
    expect(await run.result()).toBe('yes');
  });

  test('a large outcome goes through the bucket', async () => {
    await begin();
    expect(await (await client.start('large', 300_000)).result()).toBe(300_000);
  });

  test('what is sent twice and out of order is recorded once', async () => {
    await begin({ sqsFaults: { arrival: () => ({ copies: 2 }), order: (visible) => [...visible].reverse() } });
    const run = await client.start('approval');
    await stage.until(stage.is(run.id, 'waiting'));
    await client.signalRun(run.id, 'answer', { payload: { by: 'Alan' } });
    expect(await run.result()).toBe('Alan');
    expect(effects.done.filter((effect) => effect !== 'ask')).toEqual(['act for Alan']);
    const events = (await client.getHistory(run.id)).items.map(({ type, key, name }) => `${type} ${key ?? name ?? ''}`);
    expect(events.filter((event) => !event.startsWith('run_suspended')).map((event) => event.trim())).toEqual([
      'task_completed ask',
      'run_signalled answer',
      'task_completed act',
      'run_completed',
    ]);
  });

  test('a function that dies within a batch loses nothing: after the lease the run goes on elsewhere', async () => {
    let severed = { now: false };
    await begin({
      wrapClients: (clients) => {
        const own = severed;
        return disturbed(clients, () => (own.now ? { do: 'hang', until: forever } : undefined));
      },
    });
    const died = new Promise<void>((resolve) => {
      effects.stalled = resolve;
    });
    const run = await client.start('stalls');
    const bystander = await client.start('double', 1);
    await died;
    expect(await bystander.result()).toBe(2);
    severed.now = true;
    severed = { now: false };
    delete effects.stalled;
    aws.deploy({ workflows: createWorkflows(clock, effects), deployment: 'first' });
    clock.skip(minute);
    await aws.sweep();
    expect(await run.result()).toBe(2);
    expect(effects.done.filter((step) => step !== 'double 1')).toEqual(['first', 'second', 'second']);
    expect((await client.getHistory(run.id)).items.map(({ type, key }) => `${type} ${key ?? ''}`.trim())).toContain(
      'task_started second',
    );
    // The invocation that died is cut off by its time limit.
    clock.skip(3 * minute);
  });

  test('a run whose message was lost is found by the sweeper', async () => {
    await begin({ eventSource: false });
    const run = await client.start('double', 5);
    await stage.takeAway();
    expect((await aws.sweep()).woken).toBe(0);
    clock.skip(minute);
    expect((await aws.sweep()).woken).toBe(1);
    await stage.deliver();
    expect(await run.result()).toBe(10);
  });

  test('a fact that became a dead letter is stored with its run, which then takes it', async () => {
    await begin({ eventSource: false });
    const { id } = await client.start('approval');
    await stage.deliver();
    expect((await client.getRun(id)).status).toBe('waiting');
    await client.signalRun(id, 'answer', { payload: { by: 'Grace' } });
    await stage.exhaust();
    expect((await client.health()).checks).toContainEqual(
      expect.objectContaining({ name: 'dead letters', status: 'warning' }),
    );
    expect(await aws.sweep()).toMatchObject({ deadFacts: 1 });
    clock.skip(minute);
    await aws.sweep();
    await stage.deliver();
    expect(await client.run(id).result()).toBe('Grace');
  });

  test('dead letters can be sent once more', async () => {
    await begin({ eventSource: false });
    const { id } = await client.start('approval');
    await stage.deliver();
    await client.signalRun(id, 'answer', { payload: { by: 'Joan' } });
    await stage.exhaust();
    expect(await client.redriveDeadLetters()).toEqual({ redriven: 1 });
    await stage.deliver();
    expect(await client.run(id).result()).toBe('Joan');
  });

  test('a turn that nears its time limit hands the run to the next one', async () => {
    await begin({ driverTimeoutMs: 20_000 });
    const { id } = await client.start('marathon', 6);
    await stage.until(stage.is(id, 'completed'), 500);
    expect(effects.done).toEqual(['lap 1', 'lap 2', 'lap 3', 'lap 4', 'lap 5', 'lap 6']);
    const types = (await client.getHistory(id)).items.map(({ type }) => type);
    expect(types.filter((type) => type === 'run_suspended').length).toBeGreaterThan(0);
    expect(stage.troubles).toEqual([]);
  });

  test('a blocked run goes on when a deployment brings the code that fits', async () => {
    await begin();
    const { approval: _approval, ...others } = createWorkflows(clock, effects);
    const run = await client.start('approval');
    await stage.until(stage.is(run.id, 'waiting'));
    aws.deploy({ workflows: others, deployment: 'second' });
    await client.signalRun(run.id, 'answer', { payload: { by: 'Ada' } });
    await stage.until(stage.is(run.id, 'blocked'));
    aws.deploy({ workflows: createWorkflows(clock, effects), deployment: 'third' });
    await aws.sweep();
    expect(await run.result()).toBe('Ada');
  });
});
