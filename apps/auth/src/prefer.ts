const TOKEN = String.raw`[!#$%&'*+.^\w\x60|~-]+`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const PREFERENCE = new RegExp(
  String.raw`^[ \t]*(${TOKEN})(?:[ \t]*=[ \t]*(${TOKEN}|${QUOTED}))?[ \t]*(?:;[^,"]*(?:${QUOTED}[^,"]*)*)?(?:,|$)`,
);
/** Node reads headers of 16 KiB: no client sends so many preferences. */
const MAX_PREFERENCES = 32;

/**
 * The value of a preference (RFC 7240), which is empty if it has none. `undefined` if it is not there.
 * Of several, the first counts.
 */
export function preferenceOf(prefer: string | undefined, wanted: string): string | undefined {
  let rest = prefer ?? '';
  for (let count = 0; rest !== '' && count < MAX_PREFERENCES; count++) {
    // A list may have empty members (RFC 9110 section 5.6.1).
    const [whole, name, value = ''] = PREFERENCE.exec(rest) ?? /^[ \t]*(?:,|$)/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    rest = rest.slice(whole.length);
    if (name?.toLowerCase() === wanted) return value.replace(/^"(.*)"$/s, '$1');
  }
  return undefined;
}

/**
 * The seconds of the preference `wait` (section 4.3). `undefined` if there is none, or something else
 * than a whole number: preferences that cannot be honoured are ignored (section 2).
 */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  const value = preferenceOf(prefer, 'wait') ?? '';
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

/** Whether the caller wants to read what a change has made, where it is answered with 204 otherwise. */
export const prefersRepresentation = (prefer: string | undefined): boolean =>
  preferenceOf(prefer, 'return') === 'representation';
