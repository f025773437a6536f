/** A load over time, as an SVG: three small charts, one above the other. */

interface Series {
  name: string;
  color: string;
  points: (readonly [x: number, y: number])[];
}

export interface Chart {
  title: string;
  unit: string;
  series: Series[];
}

const width = 760;
const height = 170;
const margin = { left: 60, right: 16, top: 30, bottom: 24 };

export function plot(title: string, charts: readonly Chart[]): string {
  const all = charts.map((chart, index) => `<g transform="translate(0 ${28 + index * height})">${drawn(chart)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${40 + charts.length * height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${margin.left}" y="20" font-size="14" font-weight="600" fill="#222">${escaped(title)}</text>`,
    ...all,
    '</svg>',
    '',
  ].join('\n');
}

function drawn({ title, unit, series }: Chart): string {
  const points = series.flatMap((each) => each.points).filter(([, y]) => Number.isFinite(y));
  const mostX = Math.max(1, ...points.map(([x]) => x));
  const mostY = roundUp(Math.max(1e-9, ...points.map(([, y]) => y)));
  const [innerWidth, innerHeight] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
  const toX = (x: number) => (margin.left + (x / mostX) * innerWidth).toFixed(1);
  const toY = (y: number) => (margin.top + innerHeight - (Math.min(y, mostY) / mostY) * innerHeight).toFixed(1);
  const grid = [0, 0.5, 1].map((part) => {
    const y = toY(part * mostY);
    return `<path d="M${margin.left} ${y}H${width - margin.right}" stroke="#ddd"/><text x="${margin.left - 6}" y="${Number(y) + 4}" text-anchor="end" fill="#555">${shown(part * mostY)}</text>`;
  });
  const times = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="${toX(part * mostX)}" y="${height - 8}" text-anchor="middle" fill="#555">${Math.round(part * mostX)} s</text>`,
  );
  const lines = series.map(({ color, points: own }) => {
    const path = own.filter(([, y]) => Number.isFinite(y)).map(([x, y]) => `${toX(x)} ${toY(y)}`);
    return path.length === 0 ? '' : `<path d="M${path.join('L')}" fill="none" stroke="${color}" stroke-width="1.2"/>`;
  });
  let legendX = width - margin.right;
  const legend = series.toReversed().map(({ name, color }) => {
    legendX -= 6.2 * name.length + 18;
    return `<rect x="${legendX}" y="12" width="9" height="9" fill="${color}"/><text x="${legendX + 12}" y="20" fill="#333">${escaped(name)}</text>`;
  });
  const head = `<text x="${margin.left}" y="20" fill="#333" font-weight="600">${escaped(`${title} (${unit})`)}</text>`;
  return [head, ...grid, ...times, ...lines, ...legend].join('');
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function shown(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
