import {
  TokenError,
  type AccessTokenVerifier,
  type Principal,
  type TokenErrorCode,
} from '@jwt-auth/jwt-core';

const UNKNOWABLE: ReadonlySet<TokenErrorCode> = new Set([
  'keys_unavailable',
  'introspection_unavailable',
  'revocations_stale',
]);

/**
 * Who carries this access token; `undefined` when it is none, or not valid any more.
 *
 * @throws TokenError `keys_unavailable`, `introspection_unavailable`, `revocations_stale`: nobody can
 *   know just now
 */
export async function validPrincipal(
  verifier: AccessTokenVerifier,
  token: string,
  maxStalenessMs?: number,
): Promise<Principal | undefined> {
  try {
    return await verifier.verify(token, maxStalenessMs);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    if (UNKNOWABLE.has(error.code)) throw error;
    return undefined;
  }
}
