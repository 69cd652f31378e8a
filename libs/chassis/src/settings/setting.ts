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
