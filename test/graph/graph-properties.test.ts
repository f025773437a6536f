import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Graph, Json } from '../../lib/graph/definition.ts';
import { toMermaid } from '../../lib/graph/drawing/mermaid.ts';
import { toSvg } from '../../lib/graph/drawing/svg.ts';
import { parseExpression, parseExpressions } from '../../lib/graph/expressions/parse.ts';
import { graphJsonSchema } from '../../lib/graph/language/published.ts';
import { loadGraph, parseGraph } from '../../lib/graph/parse-graph.ts';
import { checkAgainst } from '../../lib/graph/schema/check-against.ts';
import { allTasks, print, type Written, written } from './generated-graphs.ts';

const load = (graph: Written) => loadGraph(JSON.stringify(graph), { file: 'generated.json' });

/** Places are of the text, not of the graph. */
function withoutPlaces(graph: Graph): unknown {
  return JSON.parse(JSON.stringify(graph, (key, value) => (key === 'place' ? undefined : value)));
}

describe('generated graphs', () => {
  test('are the same from JSON and from YAML in any style', () => {
    const styles = [{}, { collectionStyle: 'flow' as const }, { indentSeq: false, indent: 3 }];
    fc.assert(
      fc.property(written, fc.constantFrom(...styles), (graph, style) => {
        const fromYaml = loadGraph(stringify(graph, { aliasDuplicateObjects: false, ...style }), {
          file: 'generated.yaml',
        });
        expect(withoutPlaces(fromYaml)).toEqual(withoutPlaces(load(graph)));
      }),
      { numRuns: 150 },
    );
  });

  test('are what they were, printed with all defaults and parsed again', () => {
    fc.assert(
      fc.property(written, (graph) => {
        const once = load(graph);
        expect(withoutPlaces(load(print(once)))).toEqual(withoutPlaces(once));
      }),
      { numRuns: 200 },
    );
  });

  test('fit the published JSON Schema', () => {
    const schema = graphJsonSchema();
    fc.assert(
      fc.property(written, (graph) => {
        expect(checkAgainst(schema, graph as unknown as Json)).toEqual([]);
        expect(checkAgainst(schema, print(load(graph)) as unknown as Json)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('are drawn with every task and every arrow', () => {
    fc.assert(
      fc.property(written, (graph) => {
        const loaded = load(graph);
        const tasks = allTasks(loaded.body);
        const mermaid = toMermaid(loaded);
        const svg = toSvg(loaded);
        const arrows = tasks.reduce((sum, task) => sum + task.dependsOn.length + task.chosenBy.length, 0);
        for (const { id } of tasks) {
          expect(mermaid).toMatch(new RegExp(`\\bt_${id}[[({]`));
          expect(svg).toMatch(new RegExp(`>${id}(</text>| \\()`));
        }
        expect(mermaid.match(/ -(->|\.->)/g) ?? []).toHaveLength(arrows);
        expect(svg.match(/<path class="arrow/g) ?? []).toHaveLength(arrows);
      }),
      { numRuns: 60 },
    );
  });

  test('of which one part is broken give problems and never an exception', () => {
    const junk = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.string(),
      fc.constant('{% $tasks.t1.output %}'),
      fc.constant([]),
      fc.object({ maxDepth: 1 }),
    );
    fc.assert(
      fc.property(written, fc.nat(), junk, (graph, place, piece) => {
        const text = JSON.stringify(graph);
        let seen = 0;
        const total = text.split('":').length - 1;
        const broken = JSON.stringify(
          JSON.parse(text, (key, value) => {
            if (key === '') return value;
            seen += 1;
            return seen === (place % total) + 1 ? piece : value;
          }),
        );
        const parsed = parseGraph(broken, { file: 'broken.json' });
        if ('problems' in parsed) expect(parsed.problems.length).toBeGreaterThan(0);
        else expect(parsed.graph.name.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('expressions that are parsed together', () => {
  const pieces = fc.constantFrom(
    '$input',
    '.a',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ' + ',
    ' , ',
    ';',
    '/*',
    '*/',
    '"',
    "'",
    '1',
    '?',
    ':',
    ' ?? ',
    '`',
    '/a/',
    '\n',
    '$f',
    ':=',
    '%',
    '~>',
    '|',
  );
  const whole = fc.constantFrom(
    '1',
    '$input.a',
    '{"a": $input}',
    '1), (2',
    '1 /*',
    '*/ 2',
    '1)[0',
    '1){"a": (2',
    '$x.(a; b)',
    '"("',
  );
  const source = fc.oneof(
    { weight: 4, arbitrary: whole },
    fc.array(pieces, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
  );

  test('are what they are alone', () => {
    const shape = (parsed: ReturnType<typeof parseExpression>) =>
      JSON.stringify(parsed, (key, value) =>
        key === 'slot' || key === 'ancestor' || key === 'label' ? undefined : value,
      );
    fc.assert(
      fc.property(fc.array(source, { minLength: 2, maxLength: 5 }), (sources) => {
        expect(parseExpressions(sources).map(shape)).toEqual(sources.map((each) => shape(parseExpression(each))));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('large graphs', () => {
  /** Five dependencies and an expression for each task. */
  function large(count: number): string {
    let seed = 1;
    const below = (limit: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % limit;
    };
    const lines = Array.from({ length: count }, (_, n) => {
      const deps = n === 0 ? [] : [...new Set(Array.from({ length: 5 }, () => `t${below(n)}`))];
      const value =
        n === 0 ? '{% $input %}' : `{% { 'n': $tasks.${deps[0]}.output.n + ${n}, 'first': $tasks.t0.output } %}`;
      const also = n === 0 ? [] : [...new Set([...deps, 't0'])];
      return `  - { id: t${n}, type: executor, handler: h, dependsOn: [${also.join(', ')}], input: "${value}" }`;
    });
    return `name: large\ntasks:\n${lines.join('\n')}\n`;
  }

  const environment = { handlers: ['h'], executors: { http: false, lambda: false, queue: false } };
  const time = (text: string): number => {
    const start = performance.now();
    const parsed = parseGraph(text, { file: 'large.yaml', environment });
    expect(parsed).toHaveProperty('graph');
    return performance.now() - start;
  };

  test('four times the tasks take about four times as long', { timeout: 60_000 }, () => {
    const [small, whole] = [large(2_500), large(10_000)];
    const best = (text: string) => Math.min(...Array.from({ length: 3 }, () => time(text)));
    expect(best(whole) / best(small)).toBeLessThan(10);
  });

  test('a name far back in a chain is found without going back for each', { timeout: 60_000 }, () => {
    const chain = (count: number) => {
      const tasks = Array.from({ length: count }, (_, n) => ({
        id: `t${n}`,
        type: 'transform',
        dependsOn: n === 0 ? [] : [`t${n - 1}`],
        output: n === 0 ? 1 : `{% $tasks.t${Math.floor(n / 2)}.output %}`,
      }));
      return JSON.stringify({ name: 'chain', tasks });
    };
    const best = (text: string) => Math.min(...Array.from({ length: 4 }, () => time(text)));
    expect(best(chain(10_000)) / best(chain(2_500))).toBeLessThan(12);
  });
});
