/** What a revocation ends: one token, a session, all tokens of a client, or a signing key. */
export const REVOCATION_KINDS = ['jti', 'sid', 'client', 'kid'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** One entry of the revocation list. */
export interface Revocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** When the last token concerned has expired, in seconds since the epoch. Forgotten then. */
  readonly exp: number;
  /**
   * Only for `client`: its tokens with a lower `token_version` are revoked, whatever clock issued
   * them. Absent where the issuer's tokens have no such claim.
   */
  readonly tokenVersion?: number;
  /**
   * Only for `client`: the second up to which its tokens without `token_version` are revoked.
   * Judged by their `iat`. If absent, all of them are.
   */
  readonly before?: number;
}
