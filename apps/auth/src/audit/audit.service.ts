import { insertRows, type NewRow } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { exportedOf, inBatches } from '../exported-rows.js';
import {
  AuditEvent,
  EVENT_EXPORT,
  type AuditAction,
  type AuditDetail,
} from './audit-event.entity.js';
import { AuditRepository, type Subjects } from './audit.repository.js';
import type { DoneBy, Origin } from './origin.js';

/** Who did what to whom, and from where. */
export interface AuditEntry extends DoneBy {
  readonly action: AuditAction;
  readonly subject: string | null;
  /** Never a secret, and of a user nothing but ids: no e-mail, no address, no name of a device. */
  readonly detail?: AuditDetail;
}

@Injectable()
export class AuditService {
  constructor(
    private readonly repository: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /** Writes in the caller's transaction: what is not done is not recorded, and the reverse. */
  async record(manager: EntityManager, entry: AuditEntry): Promise<void> {
    await insertRows(manager, [this.row(entry)]);
  }

  /** `record` of what a user does to the own account. */
  recordOwn(
    manager: EntityManager,
    action: AuditAction,
    userId: string,
    origin: Origin,
    detail: AuditDetail = {},
  ): Promise<void> {
    return this.record(manager, { action, actor: userId, subject: userId, origin, detail });
  }

  /**
   * `record` of the same event for each of many subjects, in one statement with the change that it is about:
   * users by the ten thousand wait for it, and their ids need not travel to this process and back.
   */
  async recordEach(
    manager: EntityManager,
    subjects: Subjects,
    entry: Omit<AuditEntry, 'subject'>,
  ): Promise<void> {
    await this.repository.insertEach(manager, subjects, this.event({ ...entry, subject: null }));
  }

  /** The row itself, for a caller that writes it in the same statement as what it records. */
  row(entry: AuditEntry): NewRow {
    return [AuditEvent, this.event(entry)];
  }

  /** Those of a user, and those about the user that someone else caused, as an export of the account has them. */
  async *exportedOf(userId: string): AsyncGenerator<object> {
    const own = inBatches<AuditEvent>((after, count) =>
      this.repository.of(userId, { after: after?.id, count }),
    );
    const byOthers = inBatches<AuditEvent>((after, count) =>
      this.repository.about(userId, { after: after?.id, count }),
    );
    for (const events of [own, byOthers]) {
      for await (const event of events) yield exportedEvent(event, userId);
    }
  }

  private event(entry: AuditEntry): Omit<AuditEvent, 'id'> {
    return {
      at: this.clock.now(),
      action: entry.action,
      actor: entry.actor,
      subject: entry.subject,
      address: entry.origin?.address ?? null,
      requestId: entry.origin?.requestId ?? null,
      detail:
        entry.command === undefined ? (entry.detail ?? {}) : { ...entry.detail, by: entry.command },
    };
  }
}

/** Of events that someone else caused, who that was and from where is not this user's data. */
function exportedEvent(event: AuditEvent, userId: string): object {
  const { address, ...shared } = exportedOf(event, EVENT_EXPORT);
  if (event.actor === userId) return { ...shared, by: 'user', address };
  return { ...shared, by: event.actor === null ? 'unknown' : 'other' };
}
