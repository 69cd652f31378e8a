import { LOCALE } from '../texts.js';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

/** `3 minutes ago`, `in 2 days`. */
export function inWords(atMs: number, nowMs: number): string {
  const ms = atMs - nowMs;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? UNITS[3];
  return relative.format(Math.trunc(ms / size), unit);
}

/** `2 days 3 hours`, `14 minutes 5 seconds`: the two largest units. */
export function durationInWords(ms: number): string {
  const first = UNITS.findIndex(([, size]) => ms >= size);
  if (first < 0) return count(0, 'second');
  const [unit, size] = UNITS[first]!;
  const whole = count(Math.floor(ms / size), unit);
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms % size) / next[1]) : 0;
  return next && rest > 0 ? `${whole} ${count(rest, next[0])}` : whole;
}

function count(value: number, unit: string): string {
  return new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/** `4.2 ms`, `350 ms`, `1.2 s`. */
export function inMilliseconds(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
