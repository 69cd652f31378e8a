import { Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';

import { AuditEvent } from './audit-event.entity.js';

/** The audit log, for whoever reads it. */
@Injectable()
export class AuditLog {
  constructor(private readonly dataSource: DataSource) {}

  /** The events before one of them, the latest first. */
  before(id: string, count: number): Promise<AuditEvent[]> {
    return this.dataSource.manager.find(AuditEvent, {
      where: { id: LessThan(id) },
      order: { id: 'DESC' },
      take: count,
    });
  }
}
