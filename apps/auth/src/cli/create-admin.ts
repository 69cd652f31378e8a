import type { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { PasswordHasher } from '../users/password-hasher.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

/**
 * Makes a person with the roles user and admin. Whoever has that e-mail already stays as they are:
 * who may type commands here need not be who knows that password.
 *
 * @throws UsersError `email_taken`
 */
export async function createAdmin(
  dataSource: DataSource,
  config: Config,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<User> {
  const clock = new Clock();
  const audit = new AuditService(clock);
  const users = new UsersService(dataSource, new PasswordHasher(), audit, config, clock);
  const user = await users.draft({ email, password, roles: ['user', 'admin'] });
  await dataSource.transaction(async (manager) => {
    await users.add(manager, user);
    await audit.record(manager, {
      action: 'user.created',
      actor: null,
      subject: user.id,
      detail: { roles: user.roles, by: 'create-admin' },
    });
  });
  return user;
}
