import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { MailKind, TemplateValues } from './mail-templates.js';

/**
 * A mail that has not been sent yet. It holds no link: a link is made when the mail is sent, so that
 * nobody finds one in the database.
 */
@Entity({ name: 'outgoing_mails' })
export class OutgoingMail {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  template!: MailKind;

  @Column({ type: 'text' })
  recipient!: string;

  /** Whom it is about: `null` if that is only looked up when it is sent. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  /** What the template is filled with. */
  @Column({ type: 'jsonb' })
  details!: TemplateValues;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Until then nobody tries. A process that tries puts it ahead. */
  @Column({ name: 'next_attempt_at', type: 'timestamptz' })
  nextAttemptAt!: Date;

  @Column({ type: 'integer' })
  attempts!: number;
}
