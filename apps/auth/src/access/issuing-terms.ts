import { splitScope } from '@jwt-auth/jwt-core';

import { ACCOUNT_SCOPE } from '../built-in-access.js';

/** What decides the scopes of a token: its client, the roles of its user, and its audiences. */
export interface TermsRequest {
  readonly clientId: string;
  /** Of the user, if there is one. */
  readonly roles?: readonly string[];
  /** Whether the user has a second factor, and has proved it. */
  readonly hasMfa?: boolean;
  /** Those that there are not are left out. */
  readonly audiences: readonly string[];
}

/** What a token may say, as roles and resources are at the moment when it is issued. */
export interface IssuingTerms {
  /**
   * The `token_version` of the client's newest revocation, 0 before its first. A client revocation
   * applies to tokens with a lower version than its own, so a token is revoked only by revocations
   * that commit after this was read.
   */
  readonly tokenVersion: number;
  /** `aud`: at least one. */
  readonly audiences: readonly string[];
  /** All scopes of these audiences. */
  readonly scopes: ReadonlySet<string>;
  /** Those that were asked about, but for those that need a second factor and lack it. */
  readonly roles: readonly string[];
  /** Of all these roles, in their order. */
  readonly roleScopes: readonly string[];
}

/**
 * The scopes of a user's token: those of the roles and `account`, as far as its audience has them. A
 * request can only narrow them (RFC 6749 section 3.3, as space-separated text): other scopes in it are
 * ignored.
 */
export function grantedScopes(
  { roleScopes, scopes }: Pick<IssuingTerms, 'roleScopes' | 'scopes'>,
  requested: string | null,
): string[] {
  const narrowed = requested === null ? undefined : new Set(splitScope(requested));
  return [...new Set([...roleScopes, ACCOUNT_SCOPE])].filter(
    (scope) => scopes.has(scope) && (narrowed?.has(scope) ?? true),
  );
}

/**
 * What a request for a token narrows the granted scopes to (RFC 6749 section 3.3): all of them without
 * a `requested`, and `undefined` if it names none, or one that was not granted.
 */
export function scopesWithin(
  granted: readonly string[],
  requested: string | undefined,
): string[] | undefined {
  if (requested === undefined) return [...granted];
  const wanted = new Set(splitScope(requested));
  const narrowed = granted.filter((scope) => wanted.has(scope));
  return wanted.size > 0 && narrowed.length === wanted.size ? narrowed : undefined;
}
