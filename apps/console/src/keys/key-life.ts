/** A signing key, as administrators see it. */
export interface SigningKey {
  readonly kid: string;
  readonly state: 'next' | 'active' | 'retired' | 'withdrawn';
  readonly createdAt: string;
  readonly activatedAt: string | null;
  readonly retiredAt: string | null;
}

/** A part of a key's life, as parts of the whole time line from 0 to 1. */
interface Span {
  readonly phase: 'published' | 'signing' | 'over';
  readonly from: number;
  readonly to: number;
}

/** The life of a key between two instants: published, then signing, then over. */
export function spansOf(key: SigningKey, beginMs: number, endMs: number): Span[] {
  const at = (text: string | null) => (text === null ? endMs : Math.min(Date.parse(text), endMs));
  const place = (ms: number) =>
    endMs > beginMs ? Math.min(1, Math.max(0, (ms - beginMs) / (endMs - beginMs))) : 0;
  const created = Date.parse(key.createdAt);
  const retired = at(key.retiredAt);
  // A key that was withdrawn before it signed was never active.
  const activated = key.activatedAt === null ? retired : at(key.activatedAt);
  const bounds = [
    ['published', created, activated],
    ['signing', activated, retired],
    ['over', retired, endMs],
  ] as const;
  return bounds
    .map(([phase, from, to]) => ({ phase, from: place(from), to: place(to) }))
    .filter(({ from, to }) => to > from);
}

/** When the time line begins: with the oldest key. */
export const beginOf = (keys: readonly SigningKey[], nowMs: number) =>
  Math.min(nowMs - 60_000, ...keys.map(({ createdAt }) => Date.parse(createdAt)));
