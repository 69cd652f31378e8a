import { setting, type Setting } from './setting.js';

/** A length of time as people write it: `500ms`, `10s`, `15m`, `24h`, `30d`. */
export type DurationText = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration like `15m`. `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * (MILLISECONDS[unit] ?? NaN);
}

/**
 * A duration within bounds, read into milliseconds.
 *
 * A timer of Node takes at most 24 days (2³¹ ms) and fires at once beyond: where a setting becomes
 * the delay of a timer, let `to` say so.
 */
export function duration(from: DurationText = '1ms', to: DurationText = '3650d'): Setting<number> {
  const [least = NaN, most = NaN] = [parseDuration(from), parseDuration(to)];
  return setting(`a duration such as 10s, 15m or 30d, from ${from} to ${to}`, (text) => {
    const value = parseDuration(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  });
}
