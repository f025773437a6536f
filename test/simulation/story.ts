/** Who did what when, for people: one line for each thing that happened in a schedule. */
import type { Chunk, JournalEvent } from '../../lib/kernel/events.ts';

export interface Story {
  /** `at`: ms since the schedule began. */
  tell(at: number, who: string, what: string): void;
  readonly lines: string[];
}

export function createStory(): Story {
  const lines: string[] = [];
  return {
    tell(at, who, what) {
      lines.push(`${(at / 1_000).toFixed(3).padStart(9)} s  ${who.padEnd(8)} ${what}`);
    },
    lines,
  };
}

export function wordsOf(chunk: Chunk): string {
  const events = chunk.events.map(nameOf).join(', ') || 'a claim';
  return `${chunk.position}${chunk.takeover ? ', a takeover' : ''}: ${events}`;
}

function nameOf(event: JournalEvent): string {
  const { type } = event;
  const alone = type === 'task_started' && event.alone ? ' alone' : '';
  if ('key' in event) return `${type} ${event.key}${'attempt' in event ? `#${event.attempt}` : ''}${alone}`;
  if ('name' in event) return `${type} ${event.name}`;
  if (type === 'run_failed' || type === 'run_cancelled') return `${type} (${event.error.message})`;
  if (type === 'run_blocked') return `${type} (${event.message})`;
  return type;
}
