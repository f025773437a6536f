import type { Colors } from 'picocolors/types';
import type { RunStatus } from '../../kernel/head.ts';
import type { TaskStatus } from '../../service/api.ts';
import type { Paint } from './table.ts';

type AnyStatus = TaskStatus | RunStatus;

const glyphs: Record<AnyStatus, string> = {
  pending: '·',
  running: '▸',
  retrying: '↻',
  waiting: '◦',
  paused: '‖',
  blocked: '!',
  completed: '✓',
  failed: '✗',
  cancelled: '⊘',
};

const paints: Record<AnyStatus, keyof Omit<Colors, 'isColorSupported'>> = {
  pending: 'dim',
  running: 'cyan',
  retrying: 'yellow',
  waiting: 'blue',
  paused: 'magenta',
  blocked: 'red',
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

export function glyphOf(status: AnyStatus): string {
  return glyphs[status];
}

export function paintOf(status: AnyStatus, colors: Colors): Paint {
  return colors[paints[status]];
}
