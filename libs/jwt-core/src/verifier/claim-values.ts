import { isJsonObject, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

const MAX_STRING_LENGTH = 255;
/** Postgres and C end a string there: it would be another identifier, or an error. */
const NUL = '\0';
const NO_CLAIMS = Object.freeze({});

/** One scope: visible ASCII but for quote and backslash (RFC 6749 section 3.3). */
export const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Any number of scopes, separated by spaces. */
export const SCOPE_LIST = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** The scopes of a `scope` parameter or claim. */
export function splitScope(scope: string): string[] {
  const scopes = scope.split(' ');
  return scopes.includes('') ? scopes.filter((each) => each !== '') : scopes;
}

/** The error for a claim that is missing or has a wrong value. */
export function wrong(claim: string): TokenError {
  return new TokenError('token_invalid', `the claim ${claim} is missing or wrong`);
}

/** Whether a value of `aud` is or contains one of the names of this service. */
export function isAudience(aud: unknown, names: string | readonly string[]): boolean {
  if (!Array.isArray(aud)) return isOneOf(aud, names);
  return isStrings(aud) && aud.some((each) => isOneOf(each, names));
}

function isOneOf(audience: unknown, names: string | readonly string[]): boolean {
  if (typeof names === 'string') return audience === names;
  return names.includes(audience as string);
}

/** @throws TokenError unless it is a string of 1 to 255 characters without NUL */
export function identifier(payload: JsonObject, claim: string): string {
  const value = payload[claim];
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_STRING_LENGTH) {
    throw wrong(claim);
  }
  if (value.includes(NUL)) throw wrong(claim);
  return value;
}

/** The scopes of a space-separated string. */
export function scopes(scope: unknown = ''): readonly string[] {
  if (typeof scope !== 'string' || scope.includes(NUL)) throw wrong('scope');
  return Object.freeze(splitScope(scope));
}

export function roles(value: unknown = []): readonly string[] {
  if (!Array.isArray(value) || !isStrings(value)) throw wrong('roles');
  return Object.freeze(value);
}

/** Names of scopes, roles or audiences. */
export function isStrings(values: readonly unknown[]): values is string[] {
  return values.every((value) => typeof value === 'string' && !value.includes(NUL));
}

/**
 * How and when the user was authenticated (RFC 9068 section 2.2.1). Issuers use the names for other
 * things, too: a malformed value counts as absent, and a route that demands it refuses the token.
 */
export function authentication({ auth_time: time, acr, amr }: JsonObject) {
  return {
    authTime: Number.isFinite(time) ? (time as number) : undefined,
    acr: typeof acr === 'string' ? acr : undefined,
    amr: Array.isArray(amr) && isStrings(amr) ? Object.freeze(amr) : undefined,
  };
}

/** The value of the claim `claims`. */
export function customClaims(value: unknown): JsonObject {
  if (value === undefined) return NO_CLAIMS;
  if (!isJsonObject(value)) throw wrong('claims');
  return deepFreeze(value);
}

/**
 * Principal tampering (threat:principal-tampering): the principal is shared, so that a change by
 * one request would be seen by the next.
 */
export function deepFreeze<T>(value: T): T {
  // Values that are not objects count as frozen.
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value as object)) deepFreeze<unknown>(member);
  return value;
}
