import { createHash } from 'node:crypto';
import { type Expected, MAX_TOKEN_LIFETIME_MS, type VerifiedClaims } from './claims.js';
import {
  authentication,
  deepFreeze,
  identifier,
  isAudience,
  isStrings,
  scopes as splitScopes,
  wrong,
} from './claim-values.js';
import { mapped } from './mapped-claims.js';
import type { JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/**
 * Of an ID token (OpenID Connect Core section 2), a logout token or another security event (RFC
 * 8417 section 2.2), and a token that is bound to a key and no bearer token (RFC 7800 section 3.1).
 */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'cnf'];
/** Keycloak's name for the kind of a token that is no access token. */
const FOREIGN_TYPE = /^(?:id|refresh|offline|logout)$/i;

/**
 * Reads and checks the claims of an access token of an issuer without our conventions: `azp` in
 * place of `client_id`, `scp` in place of `scope`, times with fractions (RFC 7519 section 2), `jti`
 * and `iat` absent. `principal.claims` are all claims of the token.
 *
 * @param nowSeconds from which the life of a token without `iat` is measured
 * @throws TokenError `token_invalid`
 */
export function readOidcClaims(
  payload: JsonObject,
  expected: Expected,
  nowSeconds: number,
): VerifiedClaims {
  // Token substitution (threat:token-substitution)
  if (payload.iss !== expected.issuer) throw wrong('iss');
  refuseOtherKinds(payload);
  const times = readTimes(payload, expected, nowSeconds);
  const { audience, ...own } = mapped(payload, expected.mapClaims);
  const clientId =
    own.clientId ?? identifier(payload, payload.client_id === undefined ? 'azp' : 'client_id');
  const aud = payload.aud === undefined ? audience : payload.aud;
  if (!isAudience(aud, expected.audience)) throw wrong('aud');
  // Cross-JWT confusion (threat:cross-jwt-confusion): only an ID token is for its client alone.
  // Also if `mapClaims` names its client by something else.
  for (const client of [clientId, payload.client_id, payload.azp]) {
    if (isOnly(payload.aud, client)) throw notAnAccessToken('its audience is its client');
  }
  return {
    notBeforeSeconds: times.notBefore,
    tokenVersion: undefined,
    principal: Object.freeze({
      issuer: expected.issuer,
      subject: identifier(payload, 'sub'),
      clientId,
      tokenId: payload.jti === undefined ? digest(payload) : identifier(payload, 'jti'),
      sessionId: payload.sid === undefined ? undefined : identifier(payload, 'sid'),
      scopes: own.scopes ?? readScopes(payload),
      roles: own.roles ?? readRoles(payload.roles),
      issuedAt: times.issuedAt,
      expiresAt: times.expiresAt,
      ...authentication(payload),
      claims: own.claims ?? deepFreeze(payload),
    }),
  };
}

/**
 * Cross-JWT confusion (threat:cross-jwt-confusion, RFC 8725 section 2.8): the `typ` `JWT`, or none,
 * does not say what the token is for.
 */
function refuseOtherKinds(payload: JsonObject): void {
  for (const claim of FOREIGN_CLAIMS) {
    if (payload[claim] !== undefined) throw notAnAccessToken(`it has the claim ${claim}`);
  }
  const { typ, token_use: use } = payload;
  // In an array, too: some libraries take its one member for the value.
  const types: readonly unknown[] = [typ].flat(Infinity);
  if (types.some((each) => typeof each === 'string' && FOREIGN_TYPE.test(each))) {
    throw notAnAccessToken('typ is that of another kind');
  }
  // Cognito's name for it.
  if (use !== undefined && use !== 'access') throw notAnAccessToken('token_use is not access');
}

function notAnAccessToken(why: string): TokenError {
  return new TokenError('token_invalid', `not an access token: ${why}`);
}

function readTimes(payload: JsonObject, { maxLifetimeMs }: Expected, nowSeconds: number) {
  const expiresAt = numericDate(payload, 'exp');
  // A bound of the issuer's own can only be checked with `iat`.
  const isOptional = payload.iat === undefined && maxLifetimeMs === undefined;
  const issuedAt = isOptional ? undefined : numericDate(payload, 'iat');
  // Immortal tokens (threat:immortal-tokens)
  const bornAt = issuedAt ?? nowSeconds;
  const lifetimeMs = (expiresAt - bornAt) * 1000;
  if (lifetimeMs > (maxLifetimeMs ?? MAX_TOKEN_LIFETIME_MS)) throw wrong('exp');
  if (issuedAt !== undefined && expiresAt <= issuedAt) throw wrong('exp');
  const notBefore = payload.nbf === undefined ? -Infinity : numericDate(payload, 'nbf');
  return {
    expiresAt,
    // So that a revocation of all tokens up to some time covers it.
    issuedAt: issuedAt ?? 0,
    notBefore: Math.max(issuedAt ?? 0, notBefore),
  };
}

/** Seconds since the epoch, with fractions (RFC 7519 section 2). */
function numericDate(payload: JsonObject, claim: string): number {
  const value = payload[claim];
  // False for NaN and Infinity, too.
  const isDate = typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (!isDate) throw wrong(claim);
  return value;
}

function isOnly(aud: unknown, clientId: unknown): boolean {
  if (clientId === undefined) return false;
  return Array.isArray(aud) ? aud.every((each) => each === clientId) : aud === clientId;
}

function readScopes({ scope, scp }: JsonObject): readonly string[] {
  if (scope !== undefined) return splitScopes(scope);
  if (scp === undefined || typeof scp === 'string') return splitScopes(scp);
  const isList = Array.isArray(scp) && isStrings(scp);
  if (!isList || scp.some((each) => each.includes(' '))) throw wrong('scp');
  return Object.freeze(scp);
}

/** Issuers use the name for other things, too: what is not a list of names gives no role. */
function readRoles(value: unknown): readonly string[] {
  return Object.freeze(Array.isArray(value) && isStrings(value) ? value : []);
}

/** An id for a token without `jti`: the same for the same claims. */
function digest(payload: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(payload)).digest('base64url');
}
