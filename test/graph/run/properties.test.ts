import fc from 'fast-check';
import { createTestPawl, replay, type StepCall, type TestPawl, type TestPawlOptions } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import type { Body } from '../../../lib/graph/definition.ts';
import { type HandlerTask, handlers } from '../../../lib/graph/handlers.ts';
import { graphWorkflow } from '../../../lib/graph/workflow.ts';
import { seededFraction } from '../../kernel/harness.ts';
import { backends } from './backends.ts';
import { type ExpectedBody, expectedOf, type Generated, generatedGraphs, hasNotRun } from './generated.ts';

class Broken extends Error {
  override readonly name = 'Broken';
}

/** What happened. */
interface Executed {
  /** `start <key>` and `end <key>` in the order in which it happened. */
  log: string[];
  /** What each task saw of those that it depends on. */
  seen: Map<string, Record<string, string>>;
  calls: StepCall[];
  takes: (key: string) => number;
  end: { status: string; output?: unknown; error?: { name: string; message: string } | undefined };
  replayed: unknown;
}

async function execute(
  { graph, failing }: Generated,
  durations: number[],
  options: Partial<TestPawlOptions>,
  disturb: (t: TestPawl) => Promise<void> = async () => {},
): Promise<Executed> {
  const log: string[] = [];
  const seen: Executed['seen'] = new Map();
  const work = async (input: unknown, { id, key }: HandlerTask) => {
    log.push(`start ${key}`);
    seen.set(key, input as Record<string, string>);
    await Promise.resolve();
    log.push(`end ${key}`);
    if (failing.has(id)) throw new Broken(id);
    return key;
  };
  const flow = graphWorkflow(graph, { handlers: handlers({ work }) });
  const t = await createTestPawl({ workflows: [flow], ...options });
  const takes = new Map(executorsIn(graph.body).map((id, index) => [id, durations[index % durations.length] ?? 0]));
  for (const [id, ms] of takes) t.step(id, (_attempt, original) => original(), { takes: ms });

  const run = await t.start(flow);
  await disturb(t);
  const end = await run.ended();
  const calls = await run.attempts('*');
  const replayed = await replay(flow, JSON.parse(JSON.stringify(await run.export())));
  const ends = (await run.history()).filter(({ type }) => type === 'task_completed' || type === 'task_failed');
  expect(new Set(ends.map(({ key }) => key)).size, 'each task has one outcome').toBe(ends.length);
  await t.close();
  return { log, seen, calls, takes: (key) => takes.get(key.split('/').at(-1) ?? '') ?? 0, end, replayed };
}

function executorsIn({ tasks }: Body): string[] {
  return tasks.flatMap((task) => ('body' in task ? executorsIn(task.body) : task.type === 'executor' ? [task.id] : []));
}

type Look = (body: Body, expected: ExpectedBody, key: string, isCut: boolean) => void;

/** Calls with each body that begins if nothing is cut short, with its key and whether something around it failed. */
function eachBody(body: Body, expected: ExpectedBody, look: Look, key = '', isCut = false): void {
  look(body, expected, key, isCut);
  for (const task of body.tasks) {
    if (!('body' in task)) continue;
    const rounds = expected.inner.get(task.id) ?? [];
    const isMap = task.type === 'map';
    const isInnerCut =
      isCut || expected.failures.length > 0 || (isMap && rounds.some(({ failures }) => failures.length > 0));
    for (const [index, round] of rounds.entries()) {
      eachBody(task.body, round, look, `${key}${task.id}${isMap ? `[${index}]` : ''}/`, isInnerCut);
    }
  }
}

function assertExpected({ graph, failing }: Generated, { log, seen, end, replayed }: Executed): void {
  const expected = expectedOf(graph.body, failing, '');
  const allowed = new Set<string>();
  eachBody(graph.body, expected, (body, { fates, failures }, key, isCut) => {
    for (const task of body.tasks) {
      const fate = fates.get(task.id);
      if (task.type !== 'executor' || hasNotRun(fate)) continue;
      const own = `${key}${task.id}`;
      allowed.add(own);
      const isTolerant = task.join === 'all_done' || task.join === 'any_succeeded';
      if (!isCut && (failures.length === 0 || isTolerant)) expect([...seen.keys()]).toContain(own);
      if (!seen.has(own)) continue;
      for (const other of task.dependsOn) {
        const ended = log.indexOf(`end ${key}${other}`);
        expect(ended, `${own} comes after ${other}`).toBeLessThan(log.indexOf(`start ${own}`));
        // A sequence adds a dependency that the input does not name.
        const status = seen.get(own)?.[other];
        if (status !== undefined) expect(status, `${own} sees ${other}`).toBe(shown(fates.get(other)));
      }
    }
  });
  for (const key of seen.keys()) expect(allowed, 'nothing else runs').toContain(key);

  if (expected.failures.length === 0) {
    expect(end).toMatchObject({ status: 'completed' });
    expect(end.output).toEqual(expected.output);
    expect(replayed).toEqual({ status: 'completed', output: expected.output });
  } else {
    expect(end).toMatchObject({ status: 'failed', error: { name: 'Broken' } });
    expect(expected.failures).toContain(end.error?.message);
    expect(replayed).toMatchObject({ status: 'failed' });
  }
}

function shown(fate: string | undefined): string | undefined {
  if (fate === 'caught') return 'failed';
  return fate === 'left out' || fate === 'passed by' ? 'skipped' : fate;
}

/** How many were under way at once, at most. What was closed before it ended is left out: that makes room for others at once. */
function mostAtOnce({ calls, takes }: Executed): number {
  const ended = calls.filter(({ outcome }) => outcome === 'completed' || outcome === 'failed');
  const spans = ended.map(({ at, key }) => ({ from: at, to: at + takes(key) }));
  return Math.max(0, ...spans.map(({ from }) => spans.filter((other) => other.from <= from && from < other.to).length));
}

const durations = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 5 });

describe.each(backends)('a generated graph on $name', ({ name, options }) => {
  const numRuns = name === 'memory' ? 300 : 60;

  test('runs every task once, after what it waits for, and as its join rule says', async () => {
    await fc.assert(
      fc.asyncProperty(generatedGraphs, durations, async (generated, times) => {
        const executed = await execute(generated, times, options());
        assertExpected(generated, executed);
        expect(new Set(executed.calls.map(({ key }) => key)).size).toBe(executed.calls.length);
        expect(mostAtOnce(executed)).toBeLessThanOrEqual(generated.graph.concurrency);
      }),
      { numRuns },
    );
  }, 120_000);

  test('ends as it would have when its process dies, wherever that is', async () => {
    await fc.assert(
      fc.asyncProperty(generatedGraphs, durations, fc.integer(), async (generated, times, seed) => {
        const random = seededFraction(seed);
        const crash = async (t: TestPawl) => {
          for (let crashes = 1 + Math.floor(random() * 2); crashes > 0; crashes -= 1) {
            if (random() < 0.5) await t.advance(Math.floor(random() * 4_000));
            else for (let turns = Math.floor(random() * 60); turns > 0; turns -= 1) await new Promise(setImmediate);
            await t.crash();
          }
        };
        assertExpected(generated, await execute(generated, times, options(), crash));
      }),
      { numRuns },
    );
  }, 120_000);
});
