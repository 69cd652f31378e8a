import type { Principal } from './principal.js';
import { isJsonObject, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/**
 * The longest life of an access token: `exp` - `iat`, in milliseconds. A revocation has to be kept
 * for as long.
 */
export const MAX_TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;
const MAX_STRING_LENGTH = 255;
/** Postgres and C end a text there: it would be another identifier, or an error. */
const NUL = '\0';
const SCOPE_TOKEN = /[^ ]+/g;
const NO_CLAIMS = Object.freeze({});
const MAX_KNOWN_SCOPES = 256;

/**
 * What clients ask for is much the same each time: splitting and freezing it costs a microsecond.
 */
const knownScopes = new Map<string, readonly string[]>();

/** Whom a service trusts, and what it calls itself. */
export interface Expected {
  /** `iss`, compared character by character (RFC 8414 section 2). */
  readonly issuer: string;
  /** The one of `aud` that must be there. */
  readonly audience: string;
}

/** What a verified payload says. Whether its time has come, or gone, is not looked at here. */
export interface AccessTokenClaims {
  readonly principal: Principal;
  /** The later of `iat` and `nbf`, in seconds since the epoch. */
  readonly notBefore: number;
  /** `token_version`: the client's newest revocation when the token was issued. */
  readonly tokenVersion: number | undefined;
}

/**
 * Reads the claims of an access token (RFC 9068 section 2.2), each by its type.
 *
 * @throws TokenError `token_invalid`
 */
export function readClaims(payload: JsonObject, expected: Expected): AccessTokenClaims {
  // Token substitution (threat:token-substitution) (RFC 8725 sections 2.7 and 3.9): one of another issuer, or for another
  // service, proves nothing here, however good its signature.
  if (payload.iss !== expected.issuer) throw wrong('iss');
  if (!isAudience(payload.aud, expected.audience)) throw wrong('aud');
  const issuedAt = seconds(payload, 'iat');
  const expiresAt = seconds(payload, 'exp');
  const notBefore = payload.nbf === undefined ? issuedAt : seconds(payload, 'nbf');
  // Immortal tokens (threat:immortal-tokens): a revocation is kept for as long as a token can live, so that must be bounded.
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
  const known = knownScopes.get(scope);
  if (known !== undefined) return known;
  const split = Object.freeze(scope.match(SCOPE_TOKEN) ?? []);
  if (scope.length > MAX_STRING_LENGTH) return split;
  if (knownScopes.size === MAX_KNOWN_SCOPES) knownScopes.clear();
  knownScopes.set(scope, split);
  return split;
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
 * Principal tampering (threat:principal-tampering): it is shared, and what one request could change would be believed of the
 * next.
 */
function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
