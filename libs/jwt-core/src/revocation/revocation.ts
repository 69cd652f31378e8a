/** What a revocation ends: one token, a session, all tokens of a client, or a signing key. */
export type RevocationKind = 'jti' | 'sid' | 'client' | 'kid';

/** One entry of the revocation list. */
export interface Revocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** When the last token concerned has expired, in seconds since the epoch. Forgotten then. */
  readonly exp: number;
  /** Only for `client`: its tokens issued up to this second are dead, later ones live. */
  readonly before?: number;
}
