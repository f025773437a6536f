import type { HistoryEntry } from '../../service/api.ts';
import { type Canvas, table } from './table.ts';
import { cut } from './text.ts';
import { exactLocalTime } from './time.ts';

/** The journal as a table: an event a line, with its fields as they are recorded. */
export function historyTable(entries: HistoryEntry[], canvas: Canvas): string[] {
  return table(
    [{ title: 'SEQ', align: 'right' }, { title: 'AT' }, { title: 'EVENT' }, { title: 'FIELDS', shrinkTo: 20 }],
    entries.map((entry) => [
      { text: String(entry.seq), paint: canvas.colors.dim },
      { text: exactLocalTime(entry.at) },
      { text: entry.type },
      { text: fieldsOf(entry), paint: canvas.colors.dim },
    ]),
    canvas,
  );
}

function fieldsOf({ seq: _seq, position: _position, at: _at, type: _type, ...rest }: HistoryEntry): string {
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  return fields.map(([name, value]) => `${name}=${shown(value)}`).join(' ');
}

function shown(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"]+$/.test(value)) return value;
  return cut(JSON.stringify(value) ?? '', 300);
}
