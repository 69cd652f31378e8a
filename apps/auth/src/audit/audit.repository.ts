import { readPage, type ExpiredRows, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';
import { z } from 'zod';

import { AuditEvent, type AuditAction } from './audit-event.entity.js';

/** By the age in the database, which refuses to remove younger ones: see `AuditRetention`. */
export const EXPIRED_AUDIT_EVENTS: ExpiredRows = {
  entity: AuditEvent,
  condition: `expired.at < now() - (SELECT keep FROM audit_retention)`,
  age: 'at',
  isLocked: false,
};

const MAX_BIGINT = 2n ** 63n - 1n;

const Position = z.tuple([
  z
    .string()
    .regex(/^\d{1,19}$/, { abort: true })
    .refine((id) => BigInt(id) <= MAX_BIGINT),
]);

interface Batch {
  readonly after: string | undefined;
  readonly count: number;
}

export interface AuditFilter {
  /** `user.created`, or `user` for everything that is done to users. */
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
}

/** A statement that returns the `id` of each subject. It may change them. */
export interface Subjects {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const subjectsOf = (ids: readonly string[]): Subjects => ({
  text: 'SELECT unnest($1::text[]) AS id',
  values: [ids],
});

/** Of an export. */
const BATCH = 1_000;

/** The next events in the order of their time. Microseconds, which a Date does not have. */
const NEXT = `
  SELECT id, at, action, actor, subject, address, request_id AS "requestId", detail,
    (extract(epoch FROM at) * 1000000)::bigint AS microseconds
  FROM audit_events
  WHERE (at, id) > (timestamptz 'epoch' + $1 * interval '1 microsecond', $2::bigint) AND at < $3
  ORDER BY at, id LIMIT $4`;

/** All SQL of the audit log. */
@Injectable()
export class AuditRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Adds one event for each subject, with the same content. */
  async insertEach(
    manager: EntityManager,
    subjects: Subjects,
    { at, action, actor, address, requestId, detail }: Omit<AuditEvent, 'id' | 'subject'>,
  ): Promise<void> {
    const values = [at, action, actor, address, requestId, detail];
    const [$at, ...others] = values.map((_, index) => `$${subjects.values.length + index + 1}`);
    await manager.query(
      `WITH subjects AS (${subjects.text})
       INSERT INTO audit_events (at, action, actor, address, request_id, detail, subject)
       SELECT ${$at}::timestamptz, ${others.join(', ')}::jsonb, id::text FROM subjects`,
      [...subjects.values, ...values],
    );
  }

  /**
   * The events that someone caused, the earliest first.
   *
   * @param after the id of the one before
   */
  of(actor: string, { after = '0', count }: Batch): Promise<AuditEvent[]> {
    return this.dataSource.manager.find(AuditEvent, {
      where: { actor, id: MoreThan(after) },
      order: { id: 'ASC' },
      take: count,
    });
  }

  /** Whether someone caused such an event, as long as it is kept. */
  has(actor: string, action: AuditAction): Promise<boolean> {
    return this.dataSource.manager.existsBy(AuditEvent, { actor, action });
  }

  /**
   * The events about a user that someone else caused, the earliest first. As the index
   * `audit_events_of_subject` has them.
   *
   * @param after the id of the one before
   */
  about(userId: string, { after = '0', count }: Batch): Promise<AuditEvent[]> {
    return this.dataSource
      .createQueryBuilder(AuditEvent, 'event')
      .where('event.subject = :userId AND event.subject IS DISTINCT FROM event.actor', { userId })
      .andWhere(`event.action !~ '^(session|token)[.]' AND event.id > :after`, { after })
      .orderBy('event.id')
      .limit(count)
      .getMany();
  }

  /**
   * The events, the latest first.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery, filter: AuditFilter = {}): Promise<Page<AuditEvent>> {
    const { action, actor, subject } = filter;
    return readPage<AuditEvent, [string]>(
      {
        // A cursor goes on with the filter that it began with.
        name: `audit ${JSON.stringify([action, actor, subject])}`,
        position: Position,
        positionOf: ({ id }) => [id],
        read: (after, count) => {
          const events = this.dataSource.createQueryBuilder(AuditEvent, 'event');
          if (after) events.andWhere('event.id < :after', { after: after[0] });
          if (actor !== undefined) events.andWhere('event.actor = :actor', { actor });
          if (subject !== undefined) events.andWhere('event.subject = :subject', { subject });
          if (action?.includes('.')) events.andWhere('event.action = :action', { action });
          else if (action !== undefined) {
            // `session.started` and `sessions.ended` are both of sessions.
            events.andWhere(`split_part(event.action, '.', 1) IN (:action, :action || 's')`, {
              action,
            });
          }
          return events.orderBy('event.id', 'DESC').limit(count).getMany();
        },
      },
      query,
    );
  }

  /**
   * The events from `since` until just before `until`, the earliest first. Read in batches, so that a slow
   * reader holds no transaction open.
   */
  async *between(since: Date, until: Date): AsyncGenerator<AuditEvent> {
    // Just before the first one: ids begin at 1.
    let after: [microseconds: string, id: string] = [`${+since}000`, '0'];
    for (;;) {
      const events = await this.dataSource.query<(AuditEvent & { microseconds: string })[]>(NEXT, [
        ...after,
        until,
        BATCH,
      ]);
      for (const { microseconds, ...event } of events) {
        yield event;
        after = [microseconds, event.id];
      }
      if (events.length < BATCH) return;
    }
  }

  /** @returns whether the database keeps audit events for that long now */
  async keepFor(keepMs: number): Promise<boolean> {
    const [stored] = await this.dataSource.query<{ isEqual: boolean; isOurs: boolean }[]>(
      `SELECT keep = $1 * interval '1 millisecond' AS "isEqual",
         has_table_privilege('audit_retention', 'UPDATE') AS "isOurs"
       FROM audit_retention`,
      [keepMs],
    );
    if (stored?.isEqual) return true;
    if (!stored?.isOurs) return false;
    await this.dataSource.query(
      `UPDATE audit_retention SET keep = justify_hours($1 * interval '1 millisecond')`,
      [keepMs],
    );
    return true;
  }
}
