import { Column, Entity, PrimaryColumn } from 'typeorm';

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
