import { Graph as LayoutGraph, layout } from '@dagrejs/dagre';
import { graphLimits } from '../limits.ts';
import type { Arrow, Box, Picture } from './picture.ts';

export interface Point {
  x: number;
  y: number;
}

/** A picture with places; all in pixels from the top left corner of the picture itself. */
export interface Laid {
  width: number;
  height: number;
  boxes: LaidBox[];
  arrows: LaidArrow[];
}

export interface LaidBox {
  box: Box;
  /** Its top left corner. */
  at: Point;
  width: number;
  height: number;
  /** Of a container; stands below its title. */
  inner: Laid | undefined;
}

export interface LaidArrow {
  arrow: Arrow;
  points: Point[];
  /** The middle of its label. */
  label: Point | undefined;
}

export const titleHeight = 26;
export const padding = 14;
const boxHeight = 44;
const charWidth = 7.2;
const gap = 28;
const layerGap = 56;

/** Bodies are laid out from the inside out, each for itself. Large ones in plain layers, since the careful way takes long. */
export function layOut(picture: Picture): Laid {
  const { tasks, edges } = sizeOf(picture);
  const isSmall = tasks <= graphLimits.layoutTasks && edges <= graphLimits.layoutEdges;
  return layOutBody(picture, isSmall ? withCare : inLayers);
}

function sizeOf({ boxes, arrows }: Picture): { tasks: number; edges: number } {
  const size = { tasks: boxes.length, edges: arrows.length };
  for (const { inner } of boxes) {
    if (!inner) continue;
    const { tasks, edges } = sizeOf(inner);
    size.tasks += tasks;
    size.edges += edges;
  }
  return size;
}

type Sized = Omit<LaidBox, 'at'>;
type Way = (boxes: Sized[], arrows: Arrow[]) => Laid;

function layOutBody({ boxes, arrows }: Picture, way: Way): Laid {
  const sized = boxes.map((box): Sized => {
    const text = Math.max(box.id.length + 1, `${box.type} ${box.detail}`.length) * charWidth + 2 * padding;
    if (!box.inner) return { box, width: Math.max(90, text), height: boxHeight, inner: undefined };
    const inner = layOutBody(box.inner, way);
    const width = Math.max(inner.width + 2 * padding, text + box.id.length * charWidth);
    return { box, width, height: inner.height + titleHeight + 2 * padding, inner };
  });
  return way(sized, arrows);
}

function withCare(boxes: Sized[], arrows: Arrow[]): Laid {
  const graph = new LayoutGraph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: gap, ranksep: layerGap, marginx: padding, marginy: padding });
  for (const { box, width, height } of boxes) graph.setNode(box.id, { width, height });
  for (const [number, { from, to, label = '' }] of arrows.entries()) {
    const width = label === '' ? 0 : label.length * 6 + 8;
    graph.setEdge(from, to, { width, height: label === '' ? 0 : 16, labelpos: 'c' }, `arrow${number}`);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: boxes.map((sized) => {
      const { x, y } = graph.node(sized.box.id) as Point;
      return { ...sized, at: { x: x - sized.width / 2, y: y - sized.height / 2 } };
    }),
    arrows: arrows.map((arrow, number) => {
      const edge = graph.edge({ v: arrow.from, w: arrow.to, name: `arrow${number}` }) as Partial<Point> & {
        points: Point[];
      };
      const { points, x, y } = edge;
      const label = arrow.label === undefined || x === undefined || y === undefined ? undefined : { x, y };
      return { arrow, points, label };
    }),
  };
}

const boxesInRow = 24;

/** Each task in the first layer below all that it waits for; long layers are broken into rows. Linear. */
function inLayers(boxes: Sized[], arrows: Arrow[]): Laid {
  const layers = layersOf(boxes, arrows);
  const laid: LaidBox[] = [];
  let y = padding;
  let width = 0;
  for (const layer of layers) {
    for (let from = 0; from < layer.length; from += boxesInRow) {
      const row = layer.slice(from, from + boxesInRow);
      let x = padding;
      for (const sized of row) {
        laid.push({ ...sized, at: { x, y } });
        x += sized.width + gap;
      }
      width = Math.max(width, x - gap + padding);
      y += row.reduce((most, { height }) => Math.max(most, height), 0) + layerGap;
    }
  }
  const byId = new Map(laid.map((box) => [box.box.id, box]));
  return {
    width,
    height: y - layerGap + padding,
    boxes: laid,
    arrows: arrows.flatMap((arrow) => {
      const from = byId.get(arrow.from);
      const to = byId.get(arrow.to);
      if (!from || !to) return [];
      const start = { x: from.at.x + from.width / 2, y: from.at.y + from.height };
      const end = { x: to.at.x + to.width / 2, y: to.at.y };
      const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
      return [{ arrow, points: [start, end], label: arrow.label === undefined ? undefined : middle }];
    }),
  };
}

function layersOf(boxes: Sized[], arrows: Arrow[]): Sized[][] {
  const numbers = new Map(boxes.map(({ box }, number) => [box.id, number]));
  const open = boxes.map(() => 0);
  const layer = boxes.map(() => 0);
  const next: number[][] = boxes.map(() => []);
  for (const { from, to } of arrows) {
    const [source, target] = [numbers.get(from) ?? 0, numbers.get(to) ?? 0];
    next[source]?.push(target);
    open[target] = (open[target] ?? 0) + 1;
  }
  const ready = boxes.flatMap((_, number) => (open[number] === 0 ? [number] : []));
  for (const number of ready) {
    for (const target of next[number] ?? []) {
      layer[target] = Math.max(layer[target] ?? 0, (layer[number] ?? 0) + 1);
      open[target] = (open[target] ?? 0) - 1;
      if (open[target] === 0) ready.push(target);
    }
  }
  const layers: Sized[][] = [];
  for (const [number, sized] of boxes.entries()) {
    const index = layer[number] ?? 0;
    while (layers.length <= index) layers.push([]);
    layers[index]?.push(sized);
  }
  return layers;
}
