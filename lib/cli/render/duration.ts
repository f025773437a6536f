const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time for people: `850 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function humanDuration(ms: number): string {
  const length = Math.max(0, ms);
  if (Math.round(length) < second) return `${Math.round(length)} ms`;
  if (Math.round(length / 100) < 600) return `${(Math.round(length / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(length / second);
  const rounded = seconds * second;
  if (rounded < hour) return twoUnits(rounded, minute, 'min', second, 's');
  if (rounded < day) return twoUnits(rounded, hour, 'h', minute, 'min');
  return twoUnits(rounded, day, 'd', hour, 'h');
}

/** The same for a length that is drawn again and again while it changes: not finer than a tenth of a second. */
export function liveDuration(ms: number): string {
  return ms < second ? `${(Math.max(0, ms) / second).toFixed(1)} s` : humanDuration(ms);
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
