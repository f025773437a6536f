import { describe, expect, test } from 'vitest';
import type { Definition } from '../../lib/kernel/definition.ts';
import type { OutsideEvent } from '../../lib/kernel/events.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, mailMessage, type Process, type Rule, startIn, type World } from './harness.ts';

const { earlyMs } = defaultLimits;

const threeSteps = workflow({ name: 'three-steps' }, async (ctx) => {
  for (const name of ['a', 'b', 'c']) await ctx.step(name, () => name);
  return 'done';
});
const oneStep = workflow({ name: 'one-step' }, (ctx) => ctx.step('a', () => 'done'));
const noStep = workflow({ name: 'no-step' }, async () => 'done');
const patient = workflow({ name: 'patient' }, async (ctx) => {
  await ctx.step('a', () => 'done');
  return ctx.signal('go');
});
const all = [threeSteps, oneStep, noStep, patient];

/** As of a store that is reached over a network. */
const slowReads: Rule = ({ method }) => (method === 'read' ? { do: 'delay', ms: 5 } : undefined);

/** Of the process's calls, those of these methods, each with where it read from or wrote to. */
function callsOf(process: Process): string[] {
  return process.calls.flatMap(({ method, args }) => {
    if (method === 'read') return [`read ${args[1] ?? 'all'}`];
    if (method === 'append') return [`append ${(args[1] as { position: number }).position}`];
    return method === 'updateHead' ? ['head'] : [];
  });
}

/** A run that has been started and cancelled before anybody has begun it. */
async function createCancelled(flow: Definition) {
  const world = createWorld();
  const one = world.process('one', all);
  const run = await startIn(one, flow);
  await accept(world, run, { type: 'run_cancel_requested', id: 'cancel', at: world.clock.now(), epoch: 1 });
  return { world, one, run };
}

/** As mail of the run; its message is still on its way. */
async function accept(world: World, run: string, event: OutsideEvent): Promise<void> {
  const { nonce } = (await world.head(run)).birth;
  const message = mailMessage(run, nonce, event) as Extract<Message, { kind: 'mail' }>;
  await world.store.putMail(run, nonce, message.mail);
}

describe('the first turn of a run that has just been created', () => {
  test('begins its first step while the run is read, and waits for that before the second', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    await startIn(one, threeSteps);
    const gate = hold();
    one.trouble(({ method }) => (method === 'read' ? { do: 'wait', for: gate.promise } : undefined));
    const end = one.drive(world.take('start'));
    await world.settle();
    expect(world.started()).toEqual(['one:a#1']);
    expect(callsOf(one)).toEqual(['read 0', 'append 1']);
    gate.release();
    expect(await world.until(end)).toBe('settled');
    expect(callsOf(one)).toEqual(['read 0', 'append 1', 'append 2', 'append 3', 'head']);
  });

  test('takes a cancel that was accepted before, before it begins a second step', async () => {
    const { world, one, run } = await createCancelled(threeSteps);
    one.trouble(slowReads);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(world.started()).toEqual(['one:a#1']);
    expect((await world.head(run)).state.status).toBe('cancelled');
  });

  test('takes one before it begins the first, where the store answers at once', async () => {
    const { world, one, run } = await createCancelled(threeSteps);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(world.started()).toEqual([]);
    expect((await world.head(run)).state.status).toBe('cancelled');
  });

  test.each([
    ['its only step', oneStep, ['one:a#1']],
    ['no step', noStep, []],
  ])('takes one before it ends the run after %s', async (_, flow, started) => {
    const { world, one, run } = await createCancelled(flow);
    one.trouble(slowReads);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(world.started()).toEqual(started);
    expect((await world.fold(run)).heard.has('cancel')).toBe(true);
  });

  test('takes a signal that was accepted before, instead of waiting for it', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    const run = await startIn(one, patient);
    await accept(world, run, { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go', payload: '1' });
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { type: 'run_completed', output: '1' } });
  });

  test('ends when it reads that another driver was there, and writes nothing', async () => {
    const world = createWorld();
    const [one, two] = [world.process('one', all), world.process('two', all)];
    const run = await startIn(one, threeSteps);
    const start = world.take('start');
    expect(await world.until(one.drive(start))).toBe('settled');
    const lines = await world.lines(run);
    const gate = hold();
    two.trouble((call) => (call.method === 'append' ? { do: 'wait', for: gate.promise } : slowReads(call)));
    const end = two.drive(start);
    await world.advance(1_000);
    gate.release();
    expect(await world.until(end)).toBe('lost');
    expect(world.started().filter((step) => step.startsWith('two'))).toEqual(['two:a#1']);
    expect(await world.lines(run)).toEqual(lines);
  });

  test('ends when it reads that there is no such run', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    const run = await startIn(one, threeSteps);
    const { birth } = await world.head(run);
    const forged: Message = { kind: 'start', run: 'r', nonce: 'n', birth: { ...birth, id: 'r', nonce: 'n' } };
    one.trouble(slowReads);
    expect(await world.until(one.drive(forged))).toBe('lost');
    expect(world.started()).toEqual(['one:a#1']);
  });

  test('that is told to end meanwhile hands the run back, once it has been read', async () => {
    const world = createWorld();
    const long = workflow({ name: 'long' }, (ctx) => ctx.step('a', () => world.sleep(500)));
    const one = world.process('one', [long]);
    const run = await startIn(one, long);
    one.trouble(({ method }) => (method === 'read' ? { do: 'delay', ms: 100 } : undefined));
    const end = one.drive(world.take('start'));
    await world.advance(50);
    one.turn?.drain(0);
    expect(await world.until(end)).toBe('yielded');
    expect(await world.lines(run)).toEqual(['1 run_suspended']);
  });

  test('gives up where the run cannot be read', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    const run = await startIn(one, threeSteps);
    one.trouble(({ method }) => (method === 'read' ? { do: 'refuse' } : undefined));
    await expect(world.until(one.drive(world.take('start')))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await world.lines(run)).toEqual(['1 task_completed a']);
  });
});

describe('the run is read before anything begins', () => {
  test.each([
    ['that was created a while ago', earlyMs, 1],
    ['whose start message was received before', 0, 2],
  ])('%s', async (_, ageMs, receives) => {
    const { world, one } = await createCancelled(threeSteps);
    await world.advance(ageMs);
    expect(await world.until(one.drive(world.take('start'), { receives }))).toBe('settled');
    expect(callsOf(one)[0]).toBe('read all');
    expect(world.started()).toEqual([]);
  });

  test.each([
    ['of a longer input', 4_001, false],
    ['not of a short one', 4_000, true],
  ])('for want of the birth in the start message: %s', async (_, characters, isSent) => {
    const world = createWorld();
    const sized = workflow({ name: 'sized' }, async (ctx, _text: string) => {
      for (const name of ['a', 'b']) await ctx.step(name, () => name);
    });
    const one = world.process('one', [sized]);
    const run = await startIn(one, sized, 'x'.repeat(characters - '""'.length));
    const start = world.take('start');
    expect('birth' in start).toBe(isSent);
    expect(await world.until(one.drive(start))).toBe('settled');
    expect(callsOf(one)[0]).toBe(isSent ? 'read 0' : 'read all');
    expect((await world.head(run)).state.status).toBe('completed');
  });

  test('whose start message this process has had before', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    await startIn(one, threeSteps);
    const start = world.take('start');
    one.trouble(slowReads);
    await world.until(one.drive(start));
    expect(await world.until(one.drive(start))).toBe('left');
    expect(world.started()).toEqual(['one:a#1', 'one:b#1', 'one:c#1']);
  });

  test('since its start message may have been sent twice', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    one.trouble(({ method, nth }) => (method === 'send' && nth === 1 ? { do: 'timeOut' } : undefined));
    await world.until(startIn(one, threeSteps));
    const births = world.messages.map(({ message }) => 'birth' in message);
    expect(births).toEqual([true, false]);
  });

  test('whose birth is in a format from the future', async () => {
    const world = createWorld();
    const one = world.process('one', all);
    const run = await startIn(one, threeSteps);
    const start = world.take('start') as Extract<Message, { kind: 'start' }>;
    if (!start.birth) throw new Error('The message carries no birth');
    const newer = { ...start, birth: { ...start.birth, format: 2 } };
    expect(await world.until(one.drive(newer))).toBe('left');
    expect(world.started()).toEqual([]);
    expect((await world.head(run)).state).toMatchObject({ status: 'pending' });
  });
});
