import { Column, Entity, PrimaryColumn } from 'typeorm';

import { BY_PASSWORD, type Authentication, type AuthenticationMethod } from './authentication.js';

/** What ended a session before its time. */
export type SessionEnd =
  | 'logout'
  | 'deleted'
  | 'logout_everywhere'
  | 'password_changed'
  | 'disabled'
  | 'user_deleted'
  | 'revoked'
  | 'reuse'
  | 'too_many';

/** One login of one user: `sid` in the access tokens. */
@Entity({ name: 'sessions' })
export class Session {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** What the login asked to be limited to; `null`: everything that the user may do. */
  @Column({ name: 'requested_scope', type: 'text', nullable: true })
  requestedScope!: string | null;

  /** The audience that the login asked for; `null`: a refresh may choose any. */
  @Column({ type: 'text', nullable: true })
  audience!: string | null;

  @Column({ type: 'text' })
  address!: string;

  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** The login, or the last refresh: a write for each request would cost more than it is worth. */
  @Column({ name: 'last_used_at', type: 'timestamptz' })
  lastUsedAt!: Date;

  /** However much it is used. */
  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  /** When its user last proved who they are; `null` from releases that did not keep it: at its start. */
  @Column({ name: 'authenticated_at', type: 'timestamptz', nullable: true })
  authenticatedAt!: Date | null;

  /** By which means; `null`: by a password. */
  @Column({ type: 'text', array: true, nullable: true })
  amr!: readonly AuthenticationMethod[] | null;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  @Column({ name: 'end_reason', type: 'text', nullable: true })
  endReason!: SessionEnd | null;
}

/** Also of a session from a release that did not keep it. */
export function authenticationOf({ createdAt, authenticatedAt, amr }: Session): Authentication {
  return { authenticatedAt: authenticatedAt ?? createdAt, amr: amr ?? BY_PASSWORD };
}
