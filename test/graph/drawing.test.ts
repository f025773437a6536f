import { describe, expect, test } from 'vitest';
import { toMermaid } from '../../lib/graph/drawing/mermaid.ts';
import { toSvg } from '../../lib/graph/drawing/svg.ts';
import type { TaskStates } from '../../lib/graph/drawing/task-state.ts';
import { graphLimits } from '../../lib/graph/limits.ts';
import { loadGraph } from '../../lib/graph/parse-graph.ts';

const order = loadGraph(
  `
name: order
tasks:
  - { id: fetch, type: executor, handler: fetchOrder }
  - id: risk
    type: condition
    dependsOn: [fetch]
    cases:
      - { when: "{% $tasks.fetch.output.total > 1000 %}", then: approve }
    otherwise: charge
  - { id: approve, type: signal, timeout: 1d, onTimeout: end }
  - { id: end, type: fail, error: Rejected }
  - { id: charge, type: executor, http: { url: "https://pay.example.com" }, catch: { "*": tell } }
  - { id: tell, type: executor, queue: people }
  - id: ship
    type: parallel
    dependsOn: [charge]
    tasks:
      - { id: pick, type: executor, handler: pick }
      - id: pack
        type: sequential
        tasks:
          - { id: box, type: wait, duration: 2s }
          - { id: label, type: transform, output: "{% $tasks.box.output %}" }
`,
  { file: 'order.yaml' },
);

const states: TaskStates = new Map([
  ['fetch', 'completed'],
  ['risk', 'completed'],
  ['approve', 'skipped'],
  ['charge', 'failed'],
  ['ship', 'running'],
]);

const awkward = loadGraph(
  JSON.stringify({
    name: 'awkward',
    tasks: [
      { id: 'a', type: 'transform', output: '"<b>&</b>" ]]> -->|x| \\ ; # `%%` \u0007 \ud83d\ude00' },
      // biome-ignore lint/suspicious/noThenProperty: a word of the language
      { id: 'subgraph', type: 'condition', cases: [{ when: '{% $input = "</svg><script>" %}', then: 'a' }] },
    ],
  }),
  { file: 'awkward.json' },
);

test('Mermaid: every task with what it is, containers as groups, arrows with the case or error that they stand for', () => {
  expect(toMermaid(order)).toBe(`flowchart TD
  t_fetch["fetch<br/>executor fetchOrder"]
  t_risk{"risk<br/>condition"}
  t_approve(["approve<br/>signal approve"])
  t_end(("end<br/>fail Rejected"))
  t_charge["charge<br/>executor GET https://pay.example.com"]
  t_tell["tell<br/>executor queue people"]
  subgraph t_ship["ship (parallel)"]
    t_pick["pick<br/>executor pick"]
    subgraph t_pack["pack (sequential)"]
      t_box(["box<br/>wait 2000 ms"])
      t_label["label<br/>transform $tasks.box.output"]
      t_box --> t_label
    end
  end
  t_fetch --> t_risk
  t_risk -->|"$tasks.fetch.output.total #62; 1000"| t_approve
  t_risk -->|"otherwise"| t_charge
  t_approve -.->|"TimeoutError"| t_end
  t_charge -.->|"any error"| t_tell
  t_charge --> t_ship
`);
});

test('Mermaid: states are classes, with a legend', () => {
  const drawn = toMermaid(order, states);
  expect(drawn).toContain('class s_completed,t_fetch,t_risk completed');
  expect(drawn).toContain('class s_failed,t_charge failed');
  expect(drawn).toContain('subgraph legend["states"]');
  expect(toMermaid(order)).not.toContain('legend');
});

test('Mermaid: texts are escaped, and no id is a word of its own', () => {
  const drawn = toMermaid(awkward);
  expect(drawn).toContain('#34;#60;b#62;#38;#60;/b#62;#34;');
  expect(drawn).not.toContain('<b>');
  expect(drawn).not.toMatch(/^ *subgraph/m);
  for (const line of drawn.split('\n')) expect((line.match(/"/g) ?? []).length % 2).toBe(0);
});

describe('SVG', () => {
  /** Tags that are opened are closed, in order; nothing else stands in angle brackets. */
  function isWellFormed(svg: string): boolean {
    const open: string[] = [];
    for (const [, closing, name, self] of svg.matchAll(
      /<(\/?)([a-z]+)(?:\s[a-zA-Z]+="[^"<]*"|\s[a-z-]+="[^"<]*")*\s*(\/?)>/g,
    )) {
      if (closing) {
        if (open.pop() !== name) return false;
      } else if (!self) open.push(name ?? '');
    }
    const rest = svg.replace(/<\/?[a-z]+(?:\s[a-zA-Z-]+="[^"<]*")*\s*\/?>/g, '');
    return open.length === 0 && !/[<]|&(?!amp;|lt;|gt;|quot;)/.test(rest);
  }

  test.each([
    ['an order', order],
    ['awkward texts', awkward],
  ])('is well-formed: %s', (_what, graph) => {
    expect(isWellFormed(toSvg(graph))).toBe(true);
    expect(isWellFormed(toSvg(graph, states))).toBe(true);
    expect(isWellFormed('<svg><g></svg>')).toBe(false);
    expect(isWellFormed('<svg><b attr=x></b></svg>')).toBe(false);
  });

  test('names every task and every way', () => {
    const svg = toSvg(order);
    for (const id of ['fetch', 'risk', 'approve', 'end', 'charge', 'tell', 'pick', 'box', 'label']) {
      expect(svg).toContain(`>${id}</text>`);
    }
    for (const title of ['ship (parallel)', 'pack (sequential)']) expect(svg).toContain(`>${title}</text>`);
    for (const way of ['$tasks.fetch.output.total &gt; 1000', 'otherwise', 'TimeoutError', 'any error']) {
      expect(svg).toContain(`>${way}</text>`);
    }
  });

  test('colours tasks by state, with a legend, and says the state on hovering', () => {
    const svg = toSvg(order, states);
    expect(svg).toContain('<title>charge: executor GET https://pay.example.com, failed</title>');
    expect(svg.match(/class="completed"/g)).toHaveLength(3);
    expect(svg).toContain('>waiting</text>');
    expect(toSvg(order)).not.toContain('>waiting</text>');
  });

  test('holds no script, no handler and no reference to elsewhere', () => {
    const svg = toSvg(awkward, states);
    expect(svg).not.toMatch(/<script|<foreignObject|\bon[a-z]+=|href=|url\((?!#head)/i);
  });

  test('is readable on dark pages too', () => {
    expect(toSvg(order)).toContain('@media(prefers-color-scheme:dark)');
  });

  test('boxes do not overlap', () => {
    const places = [
      ...toSvg(order).matchAll(/<rect class="box" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
    ];
    const boxes = places.map((place) => place.slice(1).map(Number) as [number, number, number, number]);
    expect(boxes).toHaveLength(9);
    for (const [index, [x, y, width, height]] of boxes.entries()) {
      for (const [ox, oy, owidth, oheight] of boxes.slice(index + 1)) {
        const apart = x + width <= ox || ox + owidth <= x || y + height <= oy || oy + oheight <= y;
        expect(apart).toBe(true);
      }
    }
  });

  test('a graph of 10,000 tasks is drawn in plain layers', { timeout: 60_000 }, () => {
    const tasks = Array.from({ length: 10_000 }, (_, n) => ({
      id: `t${n}`,
      type: 'wait',
      duration: 1,
      dependsOn: n < 10 ? [] : [`t${n - 10}`, `t${Math.floor(n / 2)}`].filter((id, at, all) => all.indexOf(id) === at),
    }));
    expect(tasks.length).toBeGreaterThan(graphLimits.layoutTasks);
    const svg = toSvg(loadGraph(JSON.stringify({ name: 'large', tasks }), { file: 'large.json' }));
    expect(svg.match(/class="id"/g)).toHaveLength(10_000);
    expect(svg).toContain('>t9999</text>');
  });
});
