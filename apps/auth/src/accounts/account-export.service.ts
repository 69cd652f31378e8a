import { Readable } from 'node:stream';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { exportLimits } from '../users/attempt-limits.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { lockCaller } from '../users/lock-caller.js';
import { UserExports } from '../users/user-exports.js';
import { UsersRepository } from '../users/users.repository.js';

/** Gives users a copy of what is kept of them (GDPR articles 15 and 20). */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly exports: UserExports,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The text of a JSON object. If the database fails meanwhile, the stream ends with an error: a part of
   * an export never looks complete.
   *
   * @throws UsersError `too_many_attempts`; TokenError `token_revoked`
   */
  async start(caller: SessionUser, origin: Origin): Promise<Readable> {
    const { userId } = caller;
    await this.limits.begin(exportLimits(userId));
    const user = await this.dataSource.transaction(async (manager) => {
      const locked = await lockCaller(this.users, manager, caller);
      await this.audit.recordOwn(manager, 'user.exported', userId, origin);
      return locked;
    });
    const text = this.exports.of(user, this.clock.now());
    return Readable.from(text, { objectMode: false });
  }
}
