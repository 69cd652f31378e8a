import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { NewPassword } from './passwords.js';
import type { Role } from './roles.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';

const DEMO_USERS: readonly { readonly email: string; readonly roles: Role[] }[] = [
  { email: 'admin@example.com', roles: ['user', 'admin'] },
  { email: 'ada@example.com', roles: ['user'] },
];

/** The users that a development database begins with. Whoever is there already stays as they are. */
@Injectable()
export class DemoUsers implements OnApplicationBootstrap {
  private readonly logger = new Logger(DemoUsers.name);

  constructor(
    private readonly users: UsersService,
    private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.demoPassword === undefined) return;
    const password = NewPassword.parse(this.config.demoPassword);
    for (const { email, roles } of DEMO_USERS) {
      if (await this.users.findByEmail(email)) continue;
      await this.add(await this.users.draft({ email, password, roles }));
    }
  }

  /** Another process may do the same at the same moment: no conflict is worth an error. */
  private async add(user: User): Promise<void> {
    const insert = this.dataSource.createQueryBuilder().insert().into(User).values(user).orIgnore();
    const { raw } = (await insert.returning('id').execute()) as { raw: object[] };
    if (raw.length > 0) this.logger.log(`Made a demo user with the roles ${user.roles.join(', ')}`);
  }
}
