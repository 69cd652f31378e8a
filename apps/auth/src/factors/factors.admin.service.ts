import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { DoneBy } from '../audit/origin.js';
import { UsersError, userNotFound } from '../users/users.errors.js';
import { UsersRepository } from '../users/users.repository.js';
import { FactorsService, type OwnFactors } from './factors.service.js';

/** What administrators do with the second factors of a user. */
@Injectable()
export class FactorsAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly service: FactorsService,
    private readonly users: UsersRepository,
  ) {}

  /** @throws UsersError `user_not_found` */
  async list(userId: string): Promise<OwnFactors> {
    const id = toUuid(userId);
    if (id === undefined) throw userNotFound(userId);
    return this.service.list(id);
  }

  /**
   * Removes all factors and recovery codes, so that the password is enough again. Not for the
   * administrator's own account: there a factor must be proved. The sessions go on as after a login with the
   * password: without the roles that need a second factor.
   *
   * @returns how many factors there were
   * @throws UsersError `user_not_found`, `locks_out`
   */
  async reset(userId: string, by: DoneBy): Promise<number> {
    const id = toUuid(userId);
    if (id === undefined) throw userNotFound(userId);
    if (id === by.actor) throw new UsersError('locks_out', 'They are the factors of the caller');
    return this.dataSource.transaction(async (manager) => {
      const user = await this.users.lock(manager, id);
      if (!user) throw userNotFound(userId);
      return this.service.reset(manager, user, by);
    });
  }
}
