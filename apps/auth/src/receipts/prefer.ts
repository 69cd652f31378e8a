const TOKEN = String.raw`[!#$%&'*+.^\w\x60|~-]+`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const PREFERENCE = new RegExp(
  String.raw`^[ \t]*(${TOKEN})(?:[ \t]*=[ \t]*(${TOKEN}|${QUOTED}))?[ \t]*(?:;[^,"]*(?:${QUOTED}[^,"]*)*)?(?:,|$)`,
);
/** Node reads headers of 16 KiB: no client sends so many preferences. */
const MAX_PREFERENCES = 32;

/**
 * The seconds of the preference `wait` (RFC 7240 section 4.3). `undefined` if there is none, or
 * something else than a whole number: preferences that cannot be honoured are ignored (section 2).
 * Of several, the first counts.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  let rest = prefer ?? '';
  for (let count = 0; rest !== '' && count < MAX_PREFERENCES; count++) {
    // A list may have empty members (RFC 9110 section 5.6.1).
    const [whole, name, value = ''] = PREFERENCE.exec(rest) ?? /^[ \t]*(?:,|$)/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    rest = rest.slice(whole.length);
    if (name?.toLowerCase() !== 'wait') continue;
    const [, digits] = /^"?(\d+)"?$/.exec(value) ?? [];
    return digits === undefined ? undefined : Number(digits);
  }
  return undefined;
}
