import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { Config } from '../config.js';
import { AuditRepository } from './audit.repository.js';

/**
 * Puts `AUDIT_RETENTION` into the database, which refuses to remove younger events. Only the owner of
 * the schema may: the app itself, or the command that migrates for it.
 */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap {
  private readonly logger = new Logger(AuditRetention.name);

  constructor(
    private readonly repository: AuditRepository,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (await this.repository.keepFor(this.config.auditRetentionMs)) return;
    this.logger.warn(
      'AUDIT_RETENTION is not what the database has, and this role may not change it there: ' +
        'set it for the command `migrate`',
    );
  }
}
