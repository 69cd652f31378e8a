import { Injectable, type OnModuleInit } from '@nestjs/common';

import { AccessChanges } from '../access/access-changes.js';
import { UsersRepository } from './users.repository.js';

/** Takes a removed role from all users, so that they do not get a later role of the same name. */
@Injectable()
export class UserAccessChanges implements OnModuleInit {
  constructor(
    private readonly changes: AccessChanges,
    private readonly users: UsersRepository,
  ) {}

  onModuleInit(): void {
    this.changes.listen({
      forget: async (manager, narrowing) => {
        if (narrowing.of !== 'role' || !narrowing.isRemoved) return;
        await this.users.removeRole(manager, narrowing.name);
      },
    });
  }
}
