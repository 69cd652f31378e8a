import { compactId, type CompactId } from '../revocation/compact-id.js';
import { type Expected, readClaims } from './claims.js';
import type { Principal } from './principal.js';
import type { JsonObject } from './strict-json.js';

/**
 * A token that the issuer vouches for, by its signature or by its word, and whose claims are right:
 * with all that each use of it has to check.
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
  /** `token_version`: with it, `iat` does not decide whether the client's tokens are revoked. */
  readonly tokenVersion: number | undefined;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** Version of the revocation list in which it was last looked for, and not found. */
  absentFromVersion: number;
}

/** @throws TokenError `token_invalid` for claims that are not right */
export function provenToken(payload: JsonObject, expected: Expected, kid?: string): ProvenToken {
  const { principal, notBefore, tokenVersion } = readClaims(payload, expected);
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
