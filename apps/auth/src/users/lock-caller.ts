import type { EntityManager } from 'typeorm';

import { demandStillValid, revokedMeanwhile } from '../revocations/still-valid.js';
import type { OwnedSession, SessionUser } from './current-user.decorator.js';
import type { User } from './user.entity.js';
import type { UsersRepository } from './users.repository.js';
import { userNotFound } from './users.errors.js';

/**
 * Begins a change by users to their own account: locks the user, and then checks the token once more.
 * All that ends a user's sessions, but for a plain logout, takes the same lock: it comes before, and the
 * change is refused, or it waits for the change.
 *
 * @throws TokenError `token_revoked`; UsersError `user_not_found`
 */
export async function lockCaller(
  users: UsersRepository,
  manager: EntityManager,
  { userId, principal }: SessionUser,
): Promise<User> {
  const user = await users.lock(manager, userId);
  await demandStillValid(manager, principal);
  return user ?? userNotFound(userId);
}

/**
 * The caller as it is now, for what comes before its change.
 *
 * @throws TokenError `token_revoked` if the user is removed, which has revoked the token
 */
export async function demandCaller(
  users: UsersRepository,
  { userId }: OwnedSession,
): Promise<User> {
  const user = await users.findById(userId);
  if (!user) throw revokedMeanwhile();
  return user;
}
