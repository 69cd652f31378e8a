import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Config } from '../config.js';

/**
 * Puts `AUDIT_RETENTION` into the database, which refuses to remove younger events. Only the owner of
 * the schema may: the app itself, or the command that migrates for it.
 */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap {
  private readonly logger = new Logger(AuditRetention.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (await putAuditRetention(this.dataSource, this.config.auditRetentionMs)) return;
    this.logger.warn(
      'AUDIT_RETENTION is not what the database has, and this role may not change it there: ' +
        'set it for the command `migrate`',
    );
  }
}

/** @returns whether the database keeps audit events for that long now */
export async function putAuditRetention(dataSource: DataSource, keepMs: number): Promise<boolean> {
  const [stored] = await dataSource.query<{ isEqual: boolean; isOurs: boolean }[]>(
    `SELECT keep = $1 * interval '1 millisecond' AS "isEqual",
       has_table_privilege('audit_retention', 'UPDATE') AS "isOurs"
     FROM audit_retention`,
    [keepMs],
  );
  if (stored?.isEqual) return true;
  if (!stored?.isOurs) return false;
  await dataSource.query(
    `UPDATE audit_retention SET keep = justify_hours($1 * interval '1 millisecond')`,
    [keepMs],
  );
  return true;
}
