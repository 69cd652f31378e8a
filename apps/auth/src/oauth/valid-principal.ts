import { TokenError, type AccessTokenVerifier, type Principal } from '@jwt-auth/jwt-core';

/**
 * Who carries this access token; `undefined` when it is none, or not valid any more.
 *
 * @throws TokenError `keys_unavailable`, `revocations_stale`: nobody can know just now
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
    if (error.code === 'keys_unavailable' || error.code === 'revocations_stale') throw error;
    return undefined;
  }
}
