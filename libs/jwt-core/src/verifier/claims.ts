import { compactId, type CompactId } from '../revocation/compact-id.js';
import { splitScope } from './scope.js';
import { isJsonObject, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/**
 * The longest life of an access token: `exp` - `iat`, in milliseconds. A revocation has to be kept
 * for as long.
 */
export const MAX_TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;
const MAX_STRING_LENGTH = 255;
/** Postgres and C end a string there: it would be another identifier, or an error. */
const NUL = '\0';
const NO_CLAIMS = Object.freeze({});

/**
 * The caller: the verified claims of an access token (RFC 9068 section 2.2). Frozen, and shared by
 * all requests that carry the same token.
 */
export interface Principal {
  /** `sub`: the id of the user, or of the client if a service calls for itself. */
  readonly subject: string;
  /** `client_id`: the application that the token was issued to. `web` for a user's login. */
  readonly clientId: string;
  /** `jti`: this token. */
  readonly tokenId: string;
  /** `sid`: the user's session. Absent if a service calls for itself. */
  readonly sessionId?: string;
  /** `scope`, split at its spaces. */
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** `iat`, in seconds since the epoch. */
  readonly issuedAt: number;
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number;
  /** `claims`: further claims of the issuer about the subject. Their shape is not checked. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The issuer that a service trusts, and its own name. */
export interface Expected {
  /** `iss`, compared character by character (RFC 8414 section 2). */
  readonly issuer: string;
  /** `aud` must be or contain it. */
  readonly audience: string;
}

/** The claims of a verified payload. Its times are not compared with the clock here. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** The later of `iat` and `nbf`, in seconds since the epoch. */
  readonly notBefore: number;
  /** `token_version`: the number of the client's newest revocation when the token was issued. */
  readonly tokenVersion: number | undefined;
}

/**
 * Reads and checks the claims of an access token (RFC 9068 section 2.2).
 *
 * @throws TokenError `token_invalid`
 */
export function readClaims(payload: JsonObject, expected: Expected): VerifiedClaims {
  // Token substitution (threat:token-substitution, RFC 8725 sections 2.7 and 3.9): a token of
  // another issuer, or for another service, is refused even with a good signature.
  if (payload.iss !== expected.issuer) throw wrong('iss');
  if (!isAudience(payload.aud, expected.audience)) throw wrong('aud');
  const issuedAt = seconds(payload, 'iat');
  const expiresAt = seconds(payload, 'exp');
  const notBefore = payload.nbf === undefined ? issuedAt : seconds(payload, 'nbf');
  // Immortal tokens (threat:immortal-tokens): a revocation is kept for as long as a token can live.
  if (expiresAt <= issuedAt || (expiresAt - issuedAt) * 1000 > MAX_TOKEN_LIFETIME_MS)
    throw wrong('exp');
  return {
    notBefore: Math.max(issuedAt, notBefore),
    tokenVersion: tokenVersion(payload.token_version),
    principal: Object.freeze({
      subject: identifier(payload, 'sub'),
      clientId: identifier(payload, 'client_id'),
      tokenId: identifier(payload, 'jti'),
      sessionId: payload.sid === undefined ? undefined : identifier(payload, 'sid'),
      scopes: scopes(payload.scope),
      roles: roles(payload.roles),
      issuedAt,
      expiresAt,
      claims: ownClaims(payload.claims),
    }),
  };
}

function wrong(claim: string): TokenError {
  return new TokenError('token_invalid', `the claim ${claim} is missing or wrong`);
}

function isAudience(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? isStrings(aud) && aud.includes(audience) : aud === audience;
}

function seconds(payload: JsonObject, claim: 'iat' | 'exp' | 'nbf'): number {
  const value = payload[claim];
  if (!Number.isSafeInteger(value)) throw wrong(claim);
  return value as number;
}

function tokenVersion(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong('token_version');
  return value as number;
}

function identifier(payload: JsonObject, claim: 'sub' | 'client_id' | 'jti' | 'sid'): string {
  const value = payload[claim];
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_STRING_LENGTH) {
    throw wrong(claim);
  }
  if (value.includes(NUL)) throw wrong(claim);
  return value;
}

function scopes(scope: unknown = ''): readonly string[] {
  if (typeof scope !== 'string' || scope.includes(NUL)) throw wrong('scope');
  return Object.freeze(splitScope(scope));
}

function roles(value: unknown = []): readonly string[] {
  if (!Array.isArray(value) || !isStrings(value)) throw wrong('roles');
  return Object.freeze(value);
}

/** Names of roles or audiences. */
function isStrings(values: readonly unknown[]): values is string[] {
  return values.every((value) => typeof value === 'string' && !value.includes(NUL));
}

function ownClaims(value: unknown): JsonObject {
  if (value === undefined) return NO_CLAIMS;
  if (!isJsonObject(value)) throw wrong('claims');
  return deepFreeze(value);
}

/**
 * Principal tampering (threat:principal-tampering): the principal is shared, so that a change by
 * one request would be seen by the next.
 */
function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}

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

/** @throws TokenError `token_invalid` for wrong claims */
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
