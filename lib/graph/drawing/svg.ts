import type { Graph } from '../definition.ts';
import { type Laid, type LaidArrow, type LaidBox, layOut, type Point, padding, titleHeight } from './layout.ts';
import { pictureOf } from './picture.ts';
import { stateColors, type TaskState, type TaskStates, taskStateNames } from './task-state.ts';

const legendHeight = 34;
const legendStep = 92;

/** One SVG without scripts and references, for light and dark pages; with a legend if there are states. */
export function toSvg(graph: Graph, states?: TaskStates): string {
  const laid = layOut(pictureOf(graph));
  const legendWidth = states ? taskStateNames.length * legendStep + 2 * padding : 0;
  const width = Math.ceil(Math.max(laid.width, legendWidth, 2 * padding));
  const height = Math.ceil(laid.height + (states ? legendHeight : 0));
  const box = `0 0 ${width} ${height}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(graph.name)}, version ${graph.version}</title>`,
    `<style>${style}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">',
    '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ...drawn(laid, { x: 0, y: 0 }, states),
    ...(states ? legend(laid.height) : []),
    '</svg>',
    '',
  ].join('\n');
}

const style = [
  'text{font:13px system-ui,sans-serif;fill:#111827}',
  '.id{font-weight:600}',
  '.detail,.label{font-size:11px}',
  '.label{paint-order:stroke;stroke:#fff;stroke-width:4px}',
  '.box{fill:#f9fafb;stroke:#4b5563}',
  '.group{fill:none;stroke:#6b7280;stroke-dasharray:2 3}',
  '.arrow{fill:none;stroke:#4b5563}',
  '.error{stroke:#b91c1c;stroke-dasharray:5 4}',
  '.head{fill:#4b5563}',
  '.outside{fill:#374151}',
  ...taskStateNames.map((state) => {
    const { fill, line } = stateColors[state];
    return `.${state}{fill:${fill};stroke:${line};stroke-width:2}`;
  }),
  '.skipped{stroke-dasharray:4 3}',
  '@media(prefers-color-scheme:dark){.arrow{stroke:#9ca3af}.error{stroke:#f87171}.head{fill:#9ca3af}',
  '.outside{fill:#e5e7eb}.group{stroke:#9ca3af}.label{stroke:#111827}}',
].join('');

function drawn(laid: Laid, origin: Point, states: TaskStates | undefined): string[] {
  return [
    ...laid.boxes.flatMap((box) => drawnBox(box, origin, states)),
    ...laid.arrows.flatMap((arrow) => drawnArrow(arrow, origin)),
  ];
}

function drawnBox({ box, at, width, height, inner }: LaidBox, origin: Point, states: TaskStates | undefined): string[] {
  const x = origin.x + at.x;
  const y = origin.y + at.y;
  const state = states?.get(box.id);
  const what = `${box.type}${box.detail === '' ? '' : ` ${box.detail}`}`;
  const hover = `<title>${escaped(`${box.id}: ${what}${state === undefined ? '' : `, ${state}`}`)}</title>`;
  const rect = (kind: string) => {
    const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
    return `<rect class="${kind}" ${place} rx="${box.type === 'condition' ? 18 : 6}">${hover}</rect>`;
  };
  if (!inner) {
    const middle = x + width / 2;
    return [
      rect(state ?? 'box'),
      label('id', { x: middle, y: y + 19 }, box.id, 'middle'),
      label('detail', { x: middle, y: y + 35 }, what, 'middle'),
    ];
  }
  const title = state === undefined ? 'id outside' : 'id';
  return [
    rect(state ?? 'group'),
    label(title, { x: x + padding, y: y + 18 }, `${box.id} (${what})`, 'start'),
    ...drawn(inner, { x: x + (width - inner.width) / 2, y: y + titleHeight + padding }, states),
  ];
}

function drawnArrow({ arrow, points, label: place }: LaidArrow, origin: Point): string[] {
  const moved = points.map(({ x, y }) => `${round(origin.x + x)} ${round(origin.y + y)}`);
  const kind = arrow.byError ? 'arrow error' : 'arrow';
  const path = `<path class="${kind}" d="M${moved.join('L')}" marker-end="url(#head)"/>`;
  if (!place || arrow.label === undefined) return [path];
  const middle = { x: origin.x + place.x, y: origin.y + place.y + 4 };
  return [path, label('label outside', middle, arrow.label, 'middle')];
}

function legend(top: number): string[] {
  return taskStateNames.flatMap((state: TaskState, number) => {
    const x = padding + number * legendStep;
    return [
      `<rect class="${state}" x="${x}" y="${round(top + 8)}" width="14" height="14" rx="3"/>`,
      label('label outside', { x: x + 20, y: top + 19 }, state, 'start'),
    ];
  });
}

function label(kind: string, { x, y }: Point, text: string, anchor: 'start' | 'middle'): string {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML can hold, with its own characters escaped. */
function escaped(text: string): string {
  const plain = text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return plain.replace(/[&<>"]/g, (char) => entities[char] ?? char);
}
