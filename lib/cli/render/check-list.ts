import type { Colors } from 'picocolors/types';
import type { HealthView } from '../../service/api.ts';
import type { Canvas, Paint } from './table.ts';
import { cleanLines, padEnd } from './text.ts';

type Status = HealthView['status'];

const glyphs: Record<Status, string> = { healthy: '✓', warning: '!', critical: '✗', unhealthy: '✗' };

function paintOf(status: Status, colors: Colors): Paint {
  if (status === 'healthy') return colors.green;
  return status === 'warning' ? colors.yellow : colors.red;
}

/** What a doctor found: a line per check, more where there is more to say. */
export function checkList(status: Status, checks: HealthView['checks'], { colors }: Canvas): string[] {
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => {
    const [first = '', ...rest] = cleanLines(check.message);
    const paint = paintOf(check.status, colors);
    const indent = ' '.repeat(nameWidth + 4);
    return [
      `${paint(glyphs[check.status])} ${padEnd(check.name, nameWidth)}  ${first}`,
      ...rest.map((line) => indent + line),
    ];
  });
  return [...lines, '', paintOf(status, colors)(status)];
}
