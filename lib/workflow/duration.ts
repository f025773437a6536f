import { Fault } from '../kernel/faults.ts';

/** `'500ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`, `'2w'`, or milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/** Milliseconds of a duration. Throws `Fault` invalid_input that names `what`. */
export function toMs(duration: Duration, what: string): number {
  const [, amount, unit] = typeof duration === 'string' ? (pattern.exec(duration) ?? []) : [];
  const ms = typeof duration === 'number' ? duration : Number(amount) * (units[unit ?? ''] ?? Number.NaN);
  if (!Number.isFinite(ms) || ms < 0) {
    throw new Fault(
      'invalid_input',
      `${what}: '${duration}' is not a duration. Write milliseconds or, for instance, '500ms', '30s', '5m', '2h', '7d'.`,
    );
  }
  return Math.round(ms);
}

/** Milliseconds since the epoch of a moment given as such, as a Date or in ISO 8601. */
export function toMoment(moment: number | string | Date, what: string): number {
  const ms = typeof moment === 'number' ? moment : new Date(moment).getTime();
  if (!Number.isFinite(ms)) {
    throw new Fault(
      'invalid_input',
      `${what}: '${String(moment)}' is not a moment. Give a Date, ISO 8601, or milliseconds since the epoch.`,
    );
  }
  return ms;
}
