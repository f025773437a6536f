/** A plot with logarithmic axes as SVG, readable on light and on dark pages. Pure. */

export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  title: string;
  xTitle: string;
  yTitle: string;
  series: readonly Series[];
  /** Draws what grows as fast as `x`, through the first point of this series. */
  linearFrom?: string;
}

const width = 720;
const plotHeight = 420;
const frame = { left: 76, right: 36, top: 44, bottom: 56 };
const legendLine = 18;
/** Told apart by those who see few colours, too; each has a marker of its own besides. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00'];

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .page { fill: #ffffff; }
  .grid { stroke: #d0d7de; }
  .guide { stroke: #57606a; stroke-dasharray: 5 5; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .page { fill: #0d1117; }
    .grid { stroke: #30363d; }
    .guide { stroke: #8b949e; }
    .series { filter: brightness(1.35); }
  }`;

export function plotSvg({ title, xTitle, yTitle, series, linearFrom }: Plot): string {
  const linear = series.find(({ name }) => name === linearFrom);
  const legendLines = series.length + (linear ? 1 : 0);
  const height = plotHeight + legendLines * legendLine;
  const bottom = plotHeight - frame.bottom;
  const right = width - frame.right;
  const all = series.flatMap(({ points }) => points);
  const x = axis(
    all.map((point) => point[0]),
    frame.left,
    right,
  );
  const y = axis(
    all.map((point) => point[1]),
    bottom,
    frame.top,
  );
  const parts = [
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="${frame.left}" y="26">${escaped(title)}</text>`,
    ...x.ticks.map(
      (tick) =>
        `<line class="grid" x1="${x.at(tick)}" y1="${frame.top}" x2="${x.at(tick)}" y2="${bottom}"/>` +
        `<text x="${x.at(tick)}" y="${bottom + 20}" text-anchor="middle">${tickText(tick)}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<line class="grid" x1="${frame.left}" y1="${y.at(tick)}" x2="${right}" y2="${y.at(tick)}"/>` +
        `<text x="${frame.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${tickText(tick)}</text>`,
    ),
    `<text x="${(frame.left + right) / 2}" y="${plotHeight - 14}" text-anchor="middle">${escaped(xTitle)}</text>`,
    `<text transform="translate(18 ${(frame.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>`,
    ...guideOf(linear),
    ...series.map((one, index) => drawn(one, index)),
    ...legend(),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}\n</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');

  function drawn({ points }: Series, index: number): string {
    const color = colors[index % colors.length] ?? '';
    const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x.at(point[0])} ${y.at(point[1])}`).join(' ');
    const markers = points.map((point) => marker(index, x.at(point[0]), y.at(point[1]), color)).join('');
    return `<g class="series"><path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>${markers}</g>`;
  }

  function guideOf(from: Series | undefined): string[] {
    const first = from?.points[0];
    if (first === undefined) return [];
    const end = Math.min(x.max, first[0] * (y.max / first[1]));
    const endY = (first[1] * end) / first[0];
    return [`<path class="guide" d="M${x.at(first[0])} ${y.at(first[1])} L${x.at(end)} ${y.at(endY)}"/>`];
  }

  function legend(): string[] {
    const { left } = frame;
    const lines = series.map(({ name }, index) => {
      const at = plotHeight + index * legendLine;
      const color = colors[index % colors.length] ?? '';
      return (
        `<g class="series"><line x1="${left}" y1="${at}" x2="${left + 26}" y2="${at}" stroke="${color}" stroke-width="2"/>` +
        `${marker(index, left + 13, at, color)}</g><text x="${left + 34}" y="${at + 4}">${escaped(name)}</text>`
      );
    });
    if (linear === undefined) return lines;
    const at = plotHeight + series.length * legendLine;
    return [
      ...lines,
      `<line class="guide" x1="${left}" y1="${at}" x2="${left + 26}" y2="${at}"/><text x="${left + 34}" y="${at + 4}">in proportion to the size</text>`,
    ];
  }
}

interface Axis {
  at(value: number): number;
  ticks: number[];
  max: number;
}

/** Over whole powers of ten. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => Math.round((from + ((Math.log10(value) - low) / (high - low)) * (to - from)) * 10) / 10,
    ticks: Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)),
    max: 10 ** high,
  };
}

function marker(index: number, x: number, y: number, color: string): string {
  switch (index % colors.length) {
    case 0:
      return `<circle cx="${x}" cy="${y}" r="4" fill="${color}"/>`;
    case 1:
      return `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${color}"/>`;
    case 2:
      return `<path d="M${x} ${y - 5} L${x + 5} ${y + 4} L${x - 5} ${y + 4} Z" fill="${color}"/>`;
    case 3:
      return `<path d="M${x} ${y - 5} L${x + 5} ${y} L${x} ${y + 5} L${x - 5} ${y} Z" fill="${color}"/>`;
    default:
      return `<circle cx="${x}" cy="${y}" r="4" fill="none" stroke="${color}" stroke-width="2"/>`;
  }
}

function tickText(value: number): string {
  return value >= 1 ? value.toLocaleString('en-US') : String(Number(value.toPrecision(1)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
