import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { ExportedColumns } from '../exported-rows.js';

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

/** More about an event, as JSON. */
export type AuditDetail = Readonly<Record<string, NonNullable<unknown> | null>>;

/**
 * One line of the audit log. The database refuses to change it, or to remove it before its time. When a
 * user's row goes, it removes `address` and `requestId` of the events of that user, and nothing else: so
 * whatever else is personal may not be in an event.
 */
@Entity({ name: 'audit_events' })
export class AuditEvent {
  /** Counts upwards: a place in the log. A string, because it outgrows a JavaScript number. */
  @PrimaryColumn({ type: 'bigint', generated: 'increment' })
  id!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  /** What was done. */
  @Column({ type: 'text' })
  action!: string;

  /** Who did it: a user's id, or `null` for the system itself. */
  @Column({ type: 'text', nullable: true })
  actor!: string | null;

  /** What was changed: the id of a user, client, key or token. */
  @Column({ type: 'text', nullable: true })
  subject!: string | null;

  @Column({ type: 'text', nullable: true })
  address!: string | null;

  @Column({ name: 'request_id', type: 'text', nullable: true })
  requestId!: string | null;

  /** More about what changed. Never a secret, and of a user nothing but ids. */
  @Column({ type: 'jsonb' })
  detail!: AuditDetail;
}

export const EVENT_EXPORT = {
  id: 'not: a place in the log of all users',
  at: true,
  action: true,
  actor: 'not: as `by`',
  subject: true,
  address: true,
  requestId: 'not: finds lines of logs, which only operators read',
  detail: true,
} as const satisfies ExportedColumns<AuditEvent>;
