import { insertRows, type NewRow } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { AuditEvent, type AuditDetail } from './audit-event.entity.js';
import type { DoneBy, Origin } from './origin.js';

/** Everything that is audited. */
export type AuditAction =
  | 'user.registered'
  | 'user.created'
  | 'user.disabled'
  | 'user.enabled'
  | 'user.roles_changed'
  | 'user.claims_changed'
  | 'user.password_changed'
  | 'user.deleted'
  // Added by the database itself: see the trigger `users_forgotten`.
  | 'user.removed'
  | 'user.deletion_requested'
  | 'user.restored'
  | 'user.exported'
  | 'user.password_required'
  | 'user.password_reset_sent'
  | 'user.registration_repeated'
  | 'user.email_verified'
  | 'user.email_changed'
  | 'user.password_reset'
  | 'factor.added'
  | 'factor.removed'
  | 'factor.recovery_codes_made'
  | 'factor.recovery_code_used'
  | 'factors.reset'
  | 'session.started'
  | 'session.stepped_up'
  | 'session.second_factor_refused'
  | 'session.ended'
  | 'sessions.ended'
  | 'session.refresh_token_reused'
  | 'token.revoked'
  | 'client.created'
  | 'client.changed'
  | 'client.deleted'
  | 'client.secret_added'
  | 'client.secret_removed'
  | 'key.rotated'
  | 'key.withdrawn'
  | 'revocation.added'
  | 'resource.created'
  | 'resource.changed'
  | 'resource.deleted'
  | 'role.created'
  | 'role.changed'
  | 'role.deleted'
  | 'access_model.filled'
  | 'mail.undeliverable';

/** Who did what to whom, and from where. */
export interface AuditEntry extends DoneBy {
  readonly action: AuditAction;
  readonly subject: string | null;
  /** Never a secret, and of a user nothing but ids: no e-mail, no address, no name of a device. */
  readonly detail?: AuditDetail;
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

@Injectable()
export class AuditService {
  constructor(private readonly clock: Clock) {}

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
    const { at, action, actor, address, requestId, detail } = this.event({
      ...entry,
      subject: null,
    });
    const values = [at, action, actor, address, requestId, detail];
    const [$at, ...others] = values.map((_, index) => `$${subjects.values.length + index + 1}`);
    await manager.query(
      `WITH subjects AS (${subjects.text})
       INSERT INTO audit_events (at, action, actor, address, request_id, detail, subject)
       SELECT ${$at}::timestamptz, ${others.join(', ')}::jsonb, id::text FROM subjects`,
      [...subjects.values, ...values],
    );
  }

  /** The row itself, for a caller that writes it in the same statement as what it records. */
  row(entry: AuditEntry): NewRow {
    return [AuditEvent, this.event(entry)];
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
