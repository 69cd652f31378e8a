import { readPage, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import { z } from 'zod';

import { AuditEvent } from './audit-event.entity.js';

const MAX_BIGINT = 2n ** 63n - 1n;

const Position = z.tuple([
  z
    .string()
    .regex(/^\d{1,19}$/)
    .refine((id) => BigInt(id) <= MAX_BIGINT),
]);

/** Reads the audit log. */
@Injectable()
export class AuditRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The events, the latest first.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery): Promise<Page<AuditEvent>> {
    return readPage<AuditEvent, [string]>(
      {
        name: 'audit',
        position: Position,
        positionOf: ({ id }) => [id],
        read: (after, count) =>
          this.dataSource.manager.find(AuditEvent, {
            where: after && { id: LessThan(after[0]) },
            order: { id: 'DESC' },
            take: count,
          }),
      },
      query,
    );
  }
}
