import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ADMIN_ROLE, USER_ROLE } from '../built-in-access.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { emailKey } from '../credentials/email.js';
import { PasswordHasher } from './password-hasher.js';
import { NewPassword } from '../credentials/passwords.js';
import { unsavedUser } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

const DEMO_USERS: readonly { readonly email: string; readonly roles: string[] }[] = [
  { email: 'admin@example.com', roles: [USER_ROLE, ADMIN_ROLE] },
  { email: 'ada@example.com', roles: [USER_ROLE] },
];

/** Adds the users that a development database starts with. Users that exist are not changed. */
@Injectable()
export class DemoUsers implements OnApplicationBootstrap {
  private readonly logger = new Logger(DemoUsers.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.demoPassword === undefined) return;
    const password = NewPassword.parse(this.config.demoPassword);
    for (const { email, roles } of DEMO_USERS) {
      if (await this.users.findByEmail(emailKey(email))) continue;
      const passwordHash = await this.hasher.inTurn('demo', ({ hash }) => hash(password));
      const user = unsavedUser({ email, passwordHash, roles }, this.clock.now());
      // Another process may have added the user since.
      const isAdded = await this.users.insert(this.dataSource.manager, user);
      if (isAdded) this.logger.log(`Added a demo user with the roles ${roles.join(', ')}`);
    }
  }
}
