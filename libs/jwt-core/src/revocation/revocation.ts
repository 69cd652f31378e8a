export const REVOCATION_KINDS = ['jti', 'sid', 'client', 'kid'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/**
 * What the id of a revocation names, by its kind: one token, a session, a client with all its
 * tokens, or a signing key. It is a claim of the token, and a member of its `Principal`; a key is
 * named by the header.
 */
export const REVOCATION_TARGETS = {
  jti: { claim: 'jti', member: 'tokenId' },
  sid: { claim: 'sid', member: 'sessionId' },
  client: { claim: 'client_id', member: 'clientId' },
  kid: { claim: undefined, member: 'kid' },
} as const satisfies Record<RevocationKind, { claim: string | undefined; member: string }>;

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
