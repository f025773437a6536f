/** Local time in ISO 8601 with its offset, to the second: `2026-03-01T09:30:00+01:00`. */
export function localTime(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${zone}`;
}

/** The same with milliseconds. */
export function exactLocalTime(time: string | number): string {
  const date = new Date(time);
  const text = localTime(time);
  if (Number.isNaN(date.getTime())) return text;
  return `${text.slice(0, 19)}.${String(date.getMilliseconds()).padStart(3, '0')}${text.slice(19)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Milliseconds of a time as the API gives it; `undefined` for what is none. */
export function millis(time: unknown): number | undefined {
  if (typeof time === 'number') return time;
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
