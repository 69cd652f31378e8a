import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { LoginRequest } from './login.schema.js';

/** A login whose password was right, and which waits for a second factor. */
@Entity({ name: 'login_tickets' })
export class LoginTicket {
  /** SHA-256. The ticket itself is not kept. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Of the password that was right. After a change of the password the ticket is refused. */
  @Column({ name: 'password_changed_at', type: 'timestamptz' })
  passwordChangedAt!: Date;

  /** What the login asked for, apart from who logs in. */
  @Column({ type: 'jsonb' })
  request!: Omit<LoginRequest, 'email' | 'password'>;

  /** How many factors were tried. */
  @Column({ type: 'integer' })
  guesses!: number;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}
