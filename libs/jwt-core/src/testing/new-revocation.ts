import type { Revocation, RevocationKind } from '../revocation/revocation.js';
import { MAX_TOKEN_LIFETIME_MS } from '../verifier/claims.js';
import type { TokenVersions } from './token-versions.js';

/** What to revoke. `exp` and `before` are in seconds; see `Revocation`. */
export interface NewRevocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Default: in a day, when all present tokens have expired. */
  readonly exp?: number;
  /**
   * Only for `client`: revokes as an issuer does whose tokens carry no `token_version`, by `iat`.
   * Default: now, and by `token_version`. Use one of the two for one client.
   */
  readonly before?: number;
}

/** The revocation with its defaults. That of a client counts in `versions`. */
export function revocationOf(
  { kind, id, exp, before }: NewRevocation,
  nowSeconds: number,
  versions: TokenVersions,
): Revocation {
  return {
    kind,
    id,
    exp: exp ?? nowSeconds + MAX_TOKEN_LIFETIME_MS / 1000,
    ...(kind === 'client' && { before: before ?? nowSeconds }),
    ...(kind === 'client' && before === undefined && { tokenVersion: versions.next(id) }),
  };
}
