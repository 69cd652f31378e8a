import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { ByAdmin } from '../audit/by-admin.js';
import { Clock } from '../clock.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { UserChanges } from '../users/user-changes.js';
import { UsersError } from '../users/users.errors.js';
import { UsersRepository } from '../users/users.repository.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService, type OwnFactors } from './factors.service.js';

/** What administrators do with the second factors of a user. */
@Injectable()
export class FactorsAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly factors: FactorsRepository,
    private readonly service: FactorsService,
    private readonly users: UsersRepository,
    private readonly changes: UserChanges,
    private readonly audit: AuditService,
    private readonly mail: MailOutbox,
    private readonly clock: Clock,
  ) {}

  /** @throws UsersError `user_not_found` */
  async list(userId: string): Promise<OwnFactors> {
    const id = toUuid(userId);
    if (id === undefined) throw notFound(userId);
    return this.service.list(id);
  }

  /**
   * Removes all factors and recovery codes, so that the password is enough again. Not one's own: for
   * that, a factor must be proved. The sessions go on, without the roles that need a second factor.
   *
   * @returns how many factors there were
   * @throws UsersError `user_not_found`, `locks_out`
   */
  async reset(userId: string, by: ByAdmin): Promise<number> {
    const id = toUuid(userId);
    if (id === undefined) throw notFound(userId);
    if (id === by.actor) throw new UsersError('locks_out', 'They are the factors of the caller');
    return this.dataSource.transaction(async (manager) => {
      const user = await this.users.lock(manager, id);
      if (!user) throw notFound(userId);
      const count = await this.factors.removeAll(manager, id);
      if (!user.hasSecondFactor) return 0;
      await this.users.setSecondFactor(manager, id, false);
      await this.audit.record(manager, {
        ...by,
        action: 'factors.reset',
        subject: id,
        detail: { count },
      });
      await this.changes.announce(manager, { ...by, changed: 'access', userId: id });
      // Not from where: that is the administrator's address.
      const time = (await this.clock.database(manager)).toUTCString();
      await this.mail.add(manager, {
        template: 'factors-reset',
        recipient: user.email,
        userId: id,
        values: { time },
      });
      return count;
    });
  }
}

const notFound = (userId: string): UsersError =>
  new UsersError('user_not_found', `There is no user ${userId}`);
