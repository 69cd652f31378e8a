import { TokenError } from '@jwt-auth/jwt-core';
import { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import type { EntityManager } from 'typeorm';

import type { Caller } from '../audit/origin.js';

/**
 * Checks the caller's token once more, for a request that has waited for a lock since `JwtGuard` let it in
 * (threat:queued-requests). The transaction before may have ended the session, disabled or removed the
 * user, changed the roles, or withdrawn the key: each revokes the session, the token or the key. Call it
 * under the lock, and before the transaction revokes anything itself.
 *
 * A revocation of the client `web` is left to the guard: it takes no right away, as its users refresh.
 *
 * @param caller `undefined`: a command in a shell, which has no token
 * @throws TokenError `token_revoked`
 */
export async function demandStillValid(
  manager: EntityManager,
  caller: Pick<Caller, 'tokenId' | 'sessionId' | 'kid'> | undefined,
): Promise<void> {
  if (!caller) return;
  const { tokenId, sessionId, kid } = caller;
  const isRevoked = await manager.existsBy(RevokedToken, [
    { kind: 'jti', id: tokenId },
    ...(sessionId === undefined ? [] : [{ kind: 'sid' as const, id: sessionId }]),
    ...(kid === undefined ? [] : [{ kind: 'kid' as const, id: kid }]),
  ]);
  if (isRevoked) throw revokedMeanwhile();
}

/** The answer of the guard to the next request with this token. */
export const revokedMeanwhile = (): TokenError =>
  new TokenError('token_revoked', 'The token was revoked after the guard let it in');
