import { z } from 'zod';

/** The schema of one variable: a text, read into `T`. */
export type Setting<T> = z.ZodType<T, string>;

/**
 * A variable whose text `read` understands, or refuses with `undefined`. Every problem says what
 * was expected, and none repeats the text: it may be a secret.
 *
 * @param expected completes the sentence "expected …".
 */
export function setting<T>(expected: string, read: (text: string) => T | undefined): Setting<T> {
  return z.string({ error: `is not set: expected ${expected}` }).transform((text, context) => {
    const value = read(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}

/** One of some words, regardless of case. */
export function choice<const Word extends string>(...words: readonly Word[]): Setting<Word> {
  return setting(`one of ${words.join(', ')}`, (text) =>
    words.find((word) => word === text.toLowerCase()),
  );
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'on', 'yes', '1'].map((word) => [word, true] as const),
  ...['false', 'off', 'no', '0'].map((word) => [word, false] as const),
]);

/** A switch: `true`, `on`, `yes`, `1`, or `false`, `off`, `no`, `0`. */
export function flag(): Setting<boolean> {
  return setting('on or off', (text) => FLAGS.get(text.toLowerCase()));
}

/** A whole number in decimal digits, within bounds. */
export function wholeNumber(from: number, to: number): Setting<number> {
  return setting(`a whole number from ${from} to ${to}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= from && value <= to ? value : undefined;
  });
}

/** A TCP port. 0 lets the system choose a free one. */
export function port(): Setting<number> {
  return wholeNumber(0, 65_535);
}

/** Text of bounded length without control characters. */
export function text(max = 255): Setting<string> {
  return setting(`at most ${max} characters, none of them a control character`, (value) =>
    value.length <= max && !/\p{Cc}/u.test(value) ? value : undefined,
  );
}

/** A length of time, such as `500ms`, `10s`, `15m`, `24h`, `30d`. */
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

/** Milliseconds as a duration, in the largest unit that fits. */
function durationText(ms: number): string {
  const units = Object.entries(MILLISECONDS).reverse();
  const [unit, size] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/**
 * A duration within bounds, read into milliseconds. A bound that is a constant elsewhere is given in
 * milliseconds, too.
 *
 * A timer of Node runs for at most 24 days (2³¹ ms), and fires at once if it is longer: set `to`
 * accordingly where a setting becomes the delay of a timer.
 */
export function duration(
  from: DurationText = '1ms',
  to: DurationText | number = '3650d',
): Setting<number> {
  const end = typeof to === 'number' ? durationText(to) : to;
  const [least = NaN, most = NaN] = [parseDuration(from), parseDuration(end)];
  return setting(`a duration such as 10s, 15m or 30d, from ${from} to ${end}`, (text) => {
    const value = parseDuration(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  });
}

/** A secret key of this many bytes, in base64 or base64url, with or without padding. */
export function base64Key(bytes: number): Setting<Buffer> {
  return setting(`${bytes} bytes in base64 (try: openssl rand -base64 ${bytes})`, (text) => {
    const key = Buffer.from(text, 'base64');
    const canonical = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
    // Buffer skips invalid characters: only text that is the same when encoded again was a key.
    const isWhole = key.toString('base64').replace(/=+$/, '') === canonical;
    return isWhole && key.length === bytes ? key : undefined;
  });
}
