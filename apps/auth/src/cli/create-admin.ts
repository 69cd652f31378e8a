import { ADMIN_ROLE, USER_ROLE } from '../built-in-access.js';
import { unsavedUser, type User } from '../users/user.entity.js';
import type { AdminServices } from './admin-services.js';

/**
 * Adds a user with the roles user and admin. An existing user with this e-mail is not changed: an
 * operator who may run commands does not have to know that user's password.
 *
 * Not by `UsersAdminService.create`, which checks the roles: a database has none before the app's first start.
 *
 * @throws UsersError `email_taken`, `password_breached`, `password_guessable`
 */
export async function createAdmin(
  { audit, clock, dataSource, passwordHasher, passwordRules, usersRepository }: AdminServices,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<User> {
  await passwordRules.refuse(password, { email, path: 'password' });
  const passwordHash = await passwordHasher.inTurn('cli', ({ hash }) => hash(password));
  const user = unsavedUser({ email, passwordHash, roles: [USER_ROLE, ADMIN_ROLE] }, clock.now());
  await dataSource.transaction(async (manager) => {
    await usersRepository.add(manager, user);
    await audit.record(manager, {
      action: 'user.created',
      actor: null,
      subject: user.id,
      detail: { roles: user.roles },
      command: 'create-admin',
    });
  });
  return user;
}
