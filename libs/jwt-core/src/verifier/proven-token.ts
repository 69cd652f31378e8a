import { compactId, type CompactId } from '../revocation/compact-id.js';
import { type Expected, type Principal, readClaims, type VerifiedClaims } from './claims.js';
import { readOidcClaims } from './oidc-claims.js';
import type { JsonObject } from './strict-json.js';

/**
 * A token that the issuer vouches for, by its signature or by introspection, with good claims, and
 * with everything that each use of it has to check.
 */
export interface ProvenToken {
  readonly principal: Principal;
  /** The key that signed it. A reference token has none. */
  readonly kid: string | undefined;
  readonly clientId: string;
  readonly tokenId: CompactId;
  readonly sessionId: CompactId | undefined;
  /** `iat`, the later of `iat` and `nbf`, and `exp`, in seconds since the epoch. */
  readonly issuedAt: number;
  /** `token_version`: if present, it decides in place of `iat` whether the client is revoked. */
  readonly tokenVersion: number | undefined;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** The version of the revocation list in which it was last searched and not found. */
  absentFromVersion: number;
}

/**
 * @param nowSeconds since the epoch: the start of the life of a token without `iat`
 * @throws TokenError `token_invalid` for wrong claims
 */
export function provenToken(
  payload: JsonObject,
  expected: Expected,
  kid?: string,
  nowSeconds = Date.now() / 1000,
): ProvenToken {
  const claims =
    expected.profile === 'oidc'
      ? readOidcClaims(payload, expected, nowSeconds)
      : readClaims(payload, expected);
  return proven(claims, kid);
}

/** The same of what is left of a token that is not remembered: without its key and its version. */
export function provenAgain(principal: Principal): ProvenToken {
  return proven({ principal, notBefore: principal.issuedAt, tokenVersion: undefined }, undefined);
}

function proven(claims: VerifiedClaims, kid: string | undefined): ProvenToken {
  const { principal, notBefore, tokenVersion } = claims;
  const { tokenId, sessionId, clientId, issuedAt, expiresAt } = principal;
  return {
    principal,
    kid,
    clientId,
    tokenId: compactId(tokenId),
    sessionId: sessionId === undefined ? undefined : compactId(sessionId),
    issuedAt,
    tokenVersion,
    notBefore,
    expiresAt,
    absentFromVersion: -1,
  };
}
