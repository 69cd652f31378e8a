import {
  authentication,
  identifier,
  isAudience,
  customClaims,
  roles,
  scopes,
  wrong,
} from './claim-values.js';
import { mapped, type MapClaims, type MappedClaims } from './mapped-claims.js';
import type { JsonObject } from './strict-json.js';

/**
 * The longest life of an access token: `exp` - `iat`, in milliseconds. A revocation has to be kept
 * for as long.
 */
export const MAX_TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;
const NOT_MAPPED: MappedClaims = {};

/**
 * The caller: the verified claims of an access token (RFC 9068 section 2.2). Frozen, and shared by
 * all requests that carry the same token.
 */
export interface Principal {
  /** `iss`: who says so. Two issuers may use one `subject` for different users. */
  readonly issuer: string;
  /** `sub`: the id of the user, or of the client if a service calls for itself. */
  readonly subject: string;
  /** `client_id`: the application that the token was issued to. `web` for a user's login. */
  readonly clientId: string;
  /** `jti`: this token. A digest of its claims, if an OpenID Connect provider sets none. */
  readonly tokenId: string;
  /** `sid`: the user's session. Absent if a service calls for itself. */
  readonly sessionId?: string;
  /** `scope`, split at its spaces. */
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** `iat`, in seconds since the epoch. 0, if an OpenID Connect provider sets none. */
  readonly issuedAt: number;
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number;
  /** `auth_time`: when the user last proved who they are, in seconds since the epoch (RFC 9470). */
  readonly authTime?: number | undefined;
  /** `acr`: how well. Of our issuer `pwd`, or `mfa` with a second factor. */
  readonly acr?: string | undefined;
  /** `amr`: by which means, as `pwd`, `otp` (RFC 8176). */
  readonly amr?: readonly string[] | undefined;
  /**
   * `claims`: further claims of the issuer about the subject. Their shape is not checked. Of an
   * OpenID Connect provider all claims of the token.
   */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Whose conventions the tokens of an issuer follow: RFC 9068, with all claims that we require, or
 * those of most OpenID Connect providers.
 */
export const TOKEN_PROFILES = ['rfc9068', 'oidc'] as const;
export type TokenProfile = (typeof TOKEN_PROFILES)[number];

/** The issuer that a service trusts, and its own names. */
export interface Expected {
  /** `iss`, compared character by character (RFC 8414 section 2). */
  readonly issuer: string;
  /** `aud` must be or contain it, or one of them. */
  readonly audience: string | readonly string[];
  /** Default: `rfc9068`. */
  readonly profile?: TokenProfile | undefined;
  readonly mapClaims?: MapClaims | undefined;
  /** The longest life of a token, `exp` - `iat`. Default, and at most: `MAX_TOKEN_LIFETIME_MS`. */
  readonly maxLifetimeMs?: number | undefined;
}

/** The claims of a verified payload. Its times are not compared with the clock here. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** The later of `iat` and `nbf`, since the epoch. */
  readonly notBeforeSeconds: number;
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
  // Bound to a key (RFC 7800 section 3.1): no bearer token, so that a thief cannot use it.
  if (payload.cnf !== undefined) throw wrong('cnf');
  const issuedAt = seconds(payload, 'iat');
  const expiresAt = seconds(payload, 'exp');
  const notBefore = payload.nbf === undefined ? issuedAt : seconds(payload, 'nbf');
  // Immortal tokens (threat:immortal-tokens): a revocation is kept for as long as a token can live.
  const lifetimeMs = (expiresAt - issuedAt) * 1000;
  if (lifetimeMs <= 0 || lifetimeMs > (expected.maxLifetimeMs ?? MAX_TOKEN_LIFETIME_MS)) {
    throw wrong('exp');
  }
  const own = expected.mapClaims === undefined ? NOT_MAPPED : mapped(payload, expected.mapClaims);
  return {
    notBeforeSeconds: Math.max(issuedAt, notBefore),
    tokenVersion: tokenVersion(payload.token_version),
    principal: Object.freeze({
      issuer: expected.issuer,
      subject: identifier(payload, 'sub'),
      clientId: identifier(payload, 'client_id'),
      tokenId: identifier(payload, 'jti'),
      sessionId: payload.sid === undefined ? undefined : identifier(payload, 'sid'),
      scopes: own.scopes ?? scopes(payload.scope),
      roles: own.roles ?? roles(payload.roles),
      issuedAt,
      expiresAt,
      ...authentication(payload),
      claims: own.claims ?? customClaims(payload.claims),
    }),
  };
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
