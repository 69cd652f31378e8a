import { Readable } from 'node:stream';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { exportLimits } from '../users/attempt-limits.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
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
   * @throws UsersError `user_not_found`, `too_many_attempts`
   */
  async start(userId: string, origin: Origin): Promise<Readable> {
    const user = await this.users.demand(userId);
    await this.limits.begin(exportLimits(userId));
    await this.audit.recordOwn(this.dataSource.manager, 'user.exported', userId, origin);
    const text = this.exports.of(user, this.clock.now());
    return Readable.from(text, { objectMode: false });
  }
}
