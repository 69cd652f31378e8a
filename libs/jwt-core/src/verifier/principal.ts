/**
 * Who is calling: the verified claims of an access token (RFC 9068 section 2.2), as a service reads
 * them. Frozen, and shared by all requests that carry the same token.
 */
export interface Principal {
  /** `sub`: the person's id, or the client's when a service calls for itself. */
  readonly subject: string;
  /** `client_id`: the application that the token was issued to. `web` for a person's login. */
  readonly clientId: string;
  /** `jti`: this token. */
  readonly tokenId: string;
  /** `sid`: the person's session. Absent when a service calls for itself. */
  readonly sessionId?: string;
  /** `scope`, split at its spaces. */
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** `iat`, in seconds since the epoch. */
  readonly issuedAt: number;
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number;
  /** `claims`: what the issuer says of this subject beyond the standard. Unchecked: narrow it. */
  readonly claims: Readonly<Record<string, unknown>>;
}
