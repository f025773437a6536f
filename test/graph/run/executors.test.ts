import { NonRetryableError } from 'pawl';
import { describe, expect, test } from 'vitest';
import type { HandlerTask } from '../../../lib/graph/handlers.ts';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

class RateLimited extends Error {
  override readonly name = 'RateLimited';
}

const single = (more: string) => `
name: single
tasks:
  - id: work
    type: executor
    handler: work
${more.replace(/^/gm, '    ')}
`;

describe.each(backends)('an executor on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('calls its handler with the input, and gives what that returns', async () => {
    const { start } = await open(single('input: { sku: "{% $input.sku %}", count: 2 }'), {
      work: (input) => ({ got: input }),
    });
    const run = await start({ sku: 'pen' });
    expect(await run.result()).toEqual({ got: { sku: 'pen', count: 2 } });
    expect(await keysOf(run)).toEqual(['work']);
  });

  test('gives its handler null where it has no input, and null where that returns nothing', async () => {
    const { start } = await open(single(''), { work: (input) => void expect(input).toBeNull() });
    expect(await (await start()).result()).toBeNull();
  });

  test('leaves out of the input what its expressions do not give', async () => {
    const input = 'input: { a: "{% $input.none %}", list: ["{% $input.none %}", 1], b: "{% $input %}" }';
    const { start } = await open(single(input), { work: (given) => given });
    expect(await (await start({ x: 1 })).result()).toEqual({ list: [null, 1], b: { x: 1 } });
  });

  test('tells its handler all that a step is told, and whose work it does', async () => {
    const told: HandlerTask[] = [];
    const { t } = await open(single('retry: { attempts: 2 }'), {
      work(_input, task) {
        told.push(task);
        if (task.attempt === 1) throw new Error('again');
      },
    });
    const run = await t.start('single', {}, { correlationId: 'c-1' });
    await run.result();
    expect(told).toMatchObject([1, 2].map((attempt) => ({ id: 'work', key: 'work', attempt })));
    expect(told[0]?.idempotencyToken).toMatch(/^\w{20,}$/);
    expect(told[1]?.idempotencyToken).toBe(told[0]?.idempotencyToken);
    expect(told[0]?.run).toEqual({ id: run.id, workflow: 'single', version: 1, correlationId: 'c-1' });
    expect(told[1]?.signal.aborted).toBe(false);
  });

  test('gives each handler an input of its own, whatever another has done to it', async () => {
    const text = `
name: shared
tasks:
  - { id: list, type: transform, output: { items: [1] } }
  - { id: one, type: executor, handler: spoil, input: "{% $tasks.list.output %}", dependsOn: [list] }
  - { id: two, type: executor, handler: spoil, input: { items: [1] }, dependsOn: [one] }
  - { id: three, type: executor, handler: echo, input: "{% $tasks.list.output %}", dependsOn: [two] }
`;
    const { start } = await open(
      `${text}output: ["{% $tasks.one.output %}", "{% $tasks.two.output %}", "{% $tasks.three.output %}"]\n`,
      {
        spoil(input: { items: number[] }) {
          input.items.push(2);
          return input.items.length;
        },
      },
    );
    for (const run of [await start(), await start()]) expect(await run.result()).toEqual([2, 2, { items: [1] }]);
  });

  test('may shape its result into its output', async () => {
    const output = 'output: { id: "{% $result.body.id %}", from: "{% $input.name %}" }';
    const { start } = await open(single(output), { work: () => ({ body: { id: 7, much: 'more' } }) });
    expect(await (await start({ name: 'a' })).result()).toEqual({ id: 7, from: 'a' });
  });

  test('is tried again as its policy says', async () => {
    const text = single('retry: { attempts: 4, initial: 1m, factor: 2, max: 3m, jitter: 0 }');
    const { t, start } = await open(text, {
      work: () => {
        throw new Error('no');
      },
    });
    const run = await start();
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'Error', message: 'no' } });
    const began = (await run.attempts('work')).map(({ at }) => (at - t.now()) / 60_000);
    const [first = 0] = began;
    expect(began.map((at) => at - first)).toEqual([0, 1, 3, 6]);
  });

  test.each([
    ['errors: [RateLimited]', new RateLimited('slow down'), 3],
    ['errors: [RateLimited]', new TypeError('broken'), 1],
    ['except: [TypeError]', new TypeError('broken'), 1],
    ['except: [TypeError]', new RateLimited('slow down'), 3],
    ['errors: [TypeError, RateLimited], except: [TypeError]', new TypeError('broken'), 1],
    ['jitter: 0', new NonRetryableError('never'), 1],
  ])('with the policy { %s } and %s has this many attempts: %i', async (policy, error, attempts) => {
    const { start } = await open(single(`retry: { attempts: 3, initial: 10ms, ${policy} }`), {
      work: () => {
        throw error;
      },
    });
    const run = await start();
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: error.name } });
    expect(await run.attempts('work')).toHaveLength(attempts);
  });

  test('whose input cannot be computed fails at once, and says where', async () => {
    const { start, calls } = await open(single('input: "{% $input.name + 1 %}"\nretry: { attempts: 5 }'), {
      work: () => 1,
    });
    const run = await start({ name: 'a' });
    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'ExpressionError', message: expect.stringMatching(/^tasks\[0\]\.input of task work \(line 7/) },
    });
    expect(await run.attempts('work')).toHaveLength(1);
    expect(calls).toEqual([]);
  });

  test('sees one time and the same chance in all its attempts', async () => {
    const inputs: unknown[] = [];
    const text = `${single(
      'input: { now: "{% $millis() %}", chance: "{% $random() %}" }\nretry: { initial: 1h, jitter: 0 }',
    )}  - { id: meanwhile, type: wait, duration: 30m }
`;
    const { start } = await open(text, {
      work(input, { attempt }) {
        inputs.push(input);
        if (attempt < 3) throw new Error('again');
      },
    });
    await (await start()).result();
    expect(inputs).toEqual([inputs[0], inputs[0], inputs[0]]);
    expect(inputs[0]).toEqual({ now: Date.UTC(2030, 0, 1), chance: expect.any(Number) });
  });

  test('fails an attempt that takes longer than its timeout', async () => {
    const { t, start } = await open(single('timeout: 10s\nretry: { attempts: 2, initial: 1s }'), { work: () => 1 });
    t.hangStep('work', { attempts: [1] });
    expect(await (await start()).result()).toBe(1);
    t.hangStep('work');
    const run = await start();
    expect(await run.ended()).toMatchObject({ error: { name: 'TimeoutError' } });
  });

  test('fails an attempt whose handler is silent for too long', async () => {
    const { start } = await open(
      single('heartbeatTimeout: 10s\nretry: { attempts: 1 }'),
      { work: () => new Promise(() => {}) },
      { patienceMs: 1 },
    );
    expect(await (await start()).ended()).toMatchObject({
      error: { name: 'TimeoutError', message: expect.stringContaining('no heartbeat') },
    });
  });

  test('goes on as long as its handler gives heartbeats', async () => {
    let beat = () => {};
    let finish = (_value: number) => {};
    const { t, start } = await open(
      single('heartbeatTimeout: 10s\nretry: { attempts: 1 }'),
      {
        work: (_input, { heartbeat }) => {
          beat = heartbeat;
          return new Promise((resolve) => {
            finish = resolve;
          });
        },
      },
      { patienceMs: 1 },
    );
    const run = await start();
    for (let beats = 0; beats < 4; beats += 1) {
      await t.advance('8s');
      beat();
    }
    finish(1);
    expect(await run.result()).toBe(1);
  });

  test('that is to run at most once fails after a crash', async () => {
    const { t, start, calls } = await open(single('atMostOnce: true\nretry: { attempts: 1 }'), { work: () => 1 });
    t.crashAt('work');
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { name: 'OutcomeUnknownError' } });
    expect(calls).toEqual(['work work']);
  });

  test('runs again after a crash before its outcome was recorded, and is recorded once', async () => {
    const { t, start, calls } = await open(single(''), { work: () => 1 });
    t.crashAt('work');
    const run = await start();
    expect(await run.result()).toBe(1);
    expect(calls).toEqual(['work work', 'work work']);
    expect(await keysOf(run)).toEqual(['work']);
  });

  test('whose handler is not there fails at once, and says so', async () => {
    const { start } = await open(single('retry: { attempts: 5 }'));
    const run = await start();
    expect(await run.ended()).toMatchObject({
      error: {
        name: 'NotOfferedError',
        message: "the handler 'work' cannot be used here: export it by handlers({ … })",
      },
    });
    expect(await run.attempts('work')).toHaveLength(1);
  });
});
