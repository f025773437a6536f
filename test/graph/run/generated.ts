/**
 * Random graphs, and what has to become of them: an oracle that knows no schedule. It looks at each task once all that the
 * task waits for is known, as the language describes it, and says how it ends.
 */
import fc from 'fast-check';
import type { Body, Graph, GraphTask, JoinRule } from '../../../lib/graph/definition.ts';
import { computed, condition, executor, expression, graph, map, parallel, sequential, transform } from './build.ts';

/** A task before its edges are made fit: numbers stand for tasks before or after it. */
interface Sketch {
  kind: 'executor' | 'transform' | 'condition' | 'parallel' | 'sequential' | 'map';
  before: number[];
  after: number[];
  join: JoinRule;
  when: boolean | undefined;
  fails: boolean;
  catches: 'Broken' | '*' | 'Other' | undefined;
  holds: boolean;
  priority: number;
  inner: Sketch[];
  limit: number;
}

const rules: JoinRule[] = ['all_succeeded', 'none_failed', 'any_succeeded', 'all_done'];

function sketches(depth: number): fc.Arbitrary<Sketch[]> {
  const plain = ['executor', 'executor', 'executor', 'transform', 'condition'] as const;
  const kinds = depth === 0 ? plain : ([...plain, 'parallel', 'sequential', 'map'] as const);
  return fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      before: fc.array(fc.nat(), { maxLength: 3 }),
      after: fc.array(fc.nat(), { minLength: 1, maxLength: 2 }),
      join: fc.oneof({ weight: 3, arbitrary: fc.constant('all_succeeded' as const) }, fc.constantFrom(...rules)),
      when: fc.option(fc.boolean(), { freq: 3, nil: undefined }),
      fails: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
      catches: fc.option(fc.constantFrom('Broken', '*', 'Other'), { freq: 2, nil: undefined }),
      holds: fc.boolean(),
      priority: fc.integer({ min: 0, max: 2 }),
      inner: depth === 0 ? fc.constant([]) : sketches(depth - 1),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: depth === 2 ? 8 : 4 },
  );
}

/** What each executor does, by id. */
export interface Generated {
  graph: Graph;
  failing: ReadonlySet<string>;
}

export const generatedGraphs: fc.Arbitrary<Generated> = fc
  .tuple(sketches(2), fc.integer({ min: 1, max: 6 }))
  .map(([all, concurrency]) => {
    const failing = new Set<string>();
    let made = 0;
    const tasksOf = (list: Sketch[]): GraphTask[] => {
      const ids = list.map(({ kind }) => {
        made += 1;
        return `${kind[0]}${made}`;
      });
      return list.map((sketch, index) => taskOf(sketch, index, ids));
    };
    const taskOf = (sketch: Sketch, index: number, ids: string[]): GraphTask => {
      const { kind, join, when, priority, catches, limit } = sketch;
      const id = ids[index] as string;
      const dependsOn = index === 0 ? [] : [...new Set(sketch.before.map((each) => ids[each % index] as string))];
      const later = ids.slice(index + 1);
      const targets =
        later.length === 0 ? [] : [...new Set(sketch.after.map((each) => later[each % later.length] as string))];
      const [target] = targets;
      // biome-ignore lint/suspicious/noThenProperty: a word of the language
      const caught = catches !== undefined && target !== undefined ? [{ error: catches, then: target }] : [];
      const base = {
        dependsOn,
        join,
        priority,
        when: when === undefined ? undefined : expression(String(when)),
        catch: caught,
      };
      switch (kind) {
        case 'executor': {
          if (sketch.fails) failing.add(id);
          const seen = dependsOn.map((name) => ({ name, value: computed(`$tasks.${name}.status`) }));
          return executor(id, { ...base, input: { kind: 'object', fields: seen } });
        }
        case 'transform':
          return transform(id, base);
        case 'condition': {
          // biome-ignore lint/suspicious/noThenProperty: a word of the language
          const cases = [{ when: expression(String(sketch.holds)), then: targets.slice(0, 1) }];
          return condition(id, { ...base, catch: [], cases, otherwise: targets.slice(1) });
        }
        case 'parallel':
          return parallel(id, tasksOf(sketch.inner), { ...base, concurrency: limit });
        case 'sequential':
          return sequential(id, tasksOf(sketch.inner), base);
        case 'map':
          return map(id, computed(`[1..${limit}]`), tasksOf(sketch.inner), { ...base, concurrency: limit });
      }
    };
    return { graph: graph(tasksOf(all), { concurrency }), failing };
  });

export type Fate = 'completed' | 'failed' | 'caught' | 'skipped' | 'left out' | 'passed by';

/** How a body ends if nothing is cut short. */
export interface ExpectedBody {
  fates: Map<string, Fate>;
  outputs: Map<string, unknown>;
  /** Failures that end the body; any of them may be the one that is told. */
  failures: string[];
  output: unknown;
  inner: Map<string, ExpectedBody[]>;
}

export const hasNotRun = (fate: Fate | undefined) => fate === 'skipped' || fate === 'left out' || fate === 'passed by';
const isLost = (fate: Fate) => fate === 'failed' || fate === 'left out';

export function expectedOf(body: Body, failing: ReadonlySet<string>, key: string, isSequence = false): ExpectedBody {
  const fates = new Map<string, Fate>();
  const outputs = new Map<string, unknown>();
  const causes = new Map<string, string[]>();
  const chosen = new Set<string>();
  const inner = new Map<string, ExpectedBody[]>();
  const fate = (id: string) => fates.get(id) as Fate;

  const run = (task: GraphTask): void => {
    const { id } = task;
    const giveUp = (messages: string[]) => {
      causes.set(id, messages);
      const clause = 'catch' in task ? task.catch.find(({ error }) => error === '*' || error === 'Broken') : undefined;
      fates.set(id, clause ? 'caught' : 'failed');
      if (clause) chosen.add(clause.then);
    };
    const give = (output: unknown) => {
      fates.set(id, 'completed');
      outputs.set(id, output);
    };
    switch (task.type) {
      case 'executor':
        if (failing.has(id)) giveUp([id]);
        else give(`${key}${id}`);
        return;
      case 'condition': {
        const [only] = task.cases;
        const ids = only?.when.source === 'true' ? only.then : task.otherwise;
        for (const each of ids) chosen.add(each);
        give(ids);
        return;
      }
      case 'parallel':
      case 'sequential': {
        const expected = expectedOf(task.body, failing, `${key}${id}/`, task.type === 'sequential');
        inner.set(id, [expected]);
        if (expected.failures.length > 0) giveUp(expected.failures);
        else give(expected.output);
        return;
      }
      case 'map': {
        const count = Number(
          /\.\.(\d+)/.exec((task.items as { expression: { source: string } }).expression.source)?.[1],
        );
        const rounds = Array.from({ length: count }, (_, index) =>
          expectedOf(task.body, failing, `${key}${id}[${index}]/`),
        );
        inner.set(id, rounds);
        const failures = rounds.flatMap((round) => round.failures);
        if (failures.length > 0) giveUp(failures);
        else give(rounds.map(({ output }) => output));
        return;
      }
      default:
        give(id);
    }
  };

  // Edges lead from earlier tasks to later ones.
  for (const task of body.tasks) {
    const { id, join, chosenBy } = task;
    const needed = task.dependsOn.filter((other) => !chosenBy.includes(other)).map(fate);
    const anySucceeded = needed.includes('completed');
    const holds = {
      all_succeeded: needed.every((each) => each === 'completed'),
      none_failed: !needed.some(
        (each) => each === 'caught' || isLost(each) || (each === 'passed by' && isSequence && chosenBy.length === 0),
      ),
      any_succeeded: anySucceeded || needed.length === 0,
      all_done: true,
    }[join];
    if (chosenBy.length > 0 && !chosen.has(id)) {
      const by = chosenBy.map(fate);
      fates.set(id, by.some(isLost) ? 'left out' : by.includes('passed by') ? 'passed by' : 'skipped');
    } else if (!holds) {
      const isDetour = needed.includes('caught') || needed.includes('passed by');
      fates.set(id, needed.some(isLost) ? 'left out' : isDetour ? 'passed by' : 'skipped');
    } else if (task.when?.source === 'false') fates.set(id, 'skipped');
    else run(task);
  }

  const ran = (id: string) => !hasNotRun(fate(id));
  const isAccepted = (id: string) =>
    body.tasks.some(
      (task) =>
        task.join === 'any_succeeded' && ran(task.id) && task.dependsOn.includes(id) && !task.chosenBy.includes(id),
    );
  const failures = body.tasks
    .filter(({ id }) => fate(id) === 'failed' && !isAccepted(id))
    .flatMap(({ id }) => causes.get(id) ?? []);
  const done = body.last.filter((id) => fate(id) === 'completed');
  const output =
    body.last.length === 1
      ? (outputs.get(body.last[0] as string) ?? null)
      : body.last.length === 0
        ? null
        : Object.fromEntries(done.map((id) => [id, outputs.get(id)]));
  return { fates, outputs, failures, output, inner };
}
