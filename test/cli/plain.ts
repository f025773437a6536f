import picocolors from 'picocolors';
import type { Canvas } from '../../lib/cli/render/table.ts';

process.env.TZ = 'UTC';

/** A canvas without colours, so that what is drawn can be compared as it stands. */
export function plain(width: number): Canvas {
  return { width, colors: picocolors.createColors(false) };
}
