import { REVOCATION_KINDS, REVOCATION_TARGETS, TokenError } from '@jwt-auth/jwt-core';
import { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import type { EntityManager } from 'typeorm';

import type { Caller } from '../audit/origin.js';

/** A revocation of `web` is left to the guard: it takes no right away, as its users refresh. */
const KINDS = REVOCATION_KINDS.filter((kind) => kind !== 'client');
type Revocable = Pick<Caller, (typeof REVOCATION_TARGETS)[(typeof KINDS)[number]]['member']>;

/**
 * Checks the caller's token once more, for a request that has waited for a lock since `JwtGuard` let it in
 * (threat:queued-requests). The transaction before may have ended the session, disabled or removed the
 * user, changed the roles, or withdrawn the key: each revokes the session, the token or the key. Call it
 * under the lock, and before the transaction revokes anything itself.
 *
 * @param caller `undefined`: a command in a shell, which has no token
 * @throws TokenError `token_revoked`
 */
export async function demandStillValid(
  manager: EntityManager,
  caller: Revocable | undefined,
): Promise<void> {
  if (!caller) return;
  const named = KINDS.flatMap((kind) => {
    const id = caller[REVOCATION_TARGETS[kind].member];
    return id === undefined ? [] : [{ kind, id }];
  });
  if (await manager.existsBy(RevokedToken, named)) throw revokedMeanwhile();
}

/** The answer of the guard to the next request with this token. */
export const revokedMeanwhile = (): TokenError =>
  new TokenError('token_revoked', 'The token was revoked after the guard let it in');
