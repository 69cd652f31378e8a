import { randomUUID } from 'node:crypto';

import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { ExportedColumns } from '../exported-rows.js';
import type { FactorMethod } from '../factors/factor.entity.js';

/** How a user proved who they are (RFC 8176). `mfa`: by several of different kinds. */
export type AuthenticationMethod = 'pwd' | FactorMethod;

/** When and how the user of a session last proved who they are. */
export interface Authentication {
  readonly authenticatedAt: Date;
  readonly amr: readonly AuthenticationMethod[];
}

export const BY_PASSWORD: readonly AuthenticationMethod[] = ['pwd'];

/** What ended a session before its time. */
export type EndReason =
  /** `POST /auth/logout`, or `POST /oauth/revoke` with its refresh token. */
  | 'logout'
  /** `DELETE /auth/sessions/:id`: its user, perhaps from another session. */
  | 'deleted'
  /** `POST /auth/logout-everywhere`. */
  | 'logout_everywhere'
  /** The user or an administrator set a new password, by whichever route. */
  | 'password_changed'
  /** An administrator disabled the user, or the user asked for the deletion of the account. */
  | 'disabled'
  /** The user is removed, and the row of the session with it. */
  | 'user_deleted'
  /** An administrator: `DELETE /admin/users/:id/sessions`, of one or all, or `POST /admin/revocations`. */
  | 'revoked'
  /** A refresh with a token that was used before. */
  | 'reuse'
  /** A login of a user who has `SESSIONS_PER_USER` already. */
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

  /** The session ends then, however much it is used. */
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
  endReason!: EndReason | null;
}

/** A session that is not stored yet, of a user who has just proved who they are. */
export function unsavedSession(
  login: Pick<Session, 'userId' | 'requestedScope' | 'audience' | 'address' | 'userAgent' | 'amr'>,
  now: Date,
  lifetimeMs: number,
): Session {
  return {
    ...login,
    id: randomUUID(),
    createdAt: now,
    lastUsedAt: now,
    authenticatedAt: now,
    expiresAt: new Date(+now + lifetimeMs),
    endedAt: null,
    endReason: null,
  };
}

export const SESSION_EXPORT = {
  id: true,
  userId: 'not: of the account',
  address: true,
  userAgent: true,
  requestedScope: true,
  audience: true,
  amr: true,
  createdAt: true,
  lastUsedAt: true,
  authenticatedAt: true,
  expiresAt: true,
  endedAt: true,
  endReason: true,
} as const satisfies ExportedColumns<Session>;

/** Also of a session from a release that did not keep it. */
export function authenticationOf({ createdAt, authenticatedAt, amr }: Session): Authentication {
  return { authenticatedAt: authenticatedAt ?? createdAt, amr: amr ?? BY_PASSWORD };
}

/**
 * One link in a session's chain of refresh tokens, each with the access token that was issued
 * beside it. The last one, which nothing has replaced, is the only one that can be used.
 */
@Entity({ name: 'refresh_tokens' })
export class RefreshToken {
  /** SHA-256. The token itself is not kept. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column({ name: 'session_id', type: 'uuid' })
  sessionId!: string;

  /** The link before this one: `null` for a session's first, and for one from a step-up. */
  @Column({ type: 'bytea', nullable: true })
  predecessor!: Buffer | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'replaced_at', type: 'timestamptz', nullable: true })
  replacedAt!: Date | null;

  /**
   * The answer that the replacement was sent in, sealed under this token. Repeated calls get it within
   * the window. The session's next refresh after the window removes it.
   */
  @Column({ name: 'sealed_successor', type: 'bytea', nullable: true })
  sealedSuccessor!: Buffer | null;

  /** `jti` of the access token. */
  @Column({ name: 'access_token_id', type: 'uuid' })
  accessTokenId!: string;

  @Column({ name: 'access_token_expires_at', type: 'timestamptz' })
  accessTokenExpiresAt!: Date;

  /** `aud` of the access token; `null` from releases that knew only `AUDIENCE`. */
  @Column({ name: 'access_token_audience', type: 'text', nullable: true })
  accessTokenAudience!: string | null;

  /** `scope` of the access token; `null` from releases that did not keep it: any. */
  @Column({ name: 'access_token_scopes', type: 'text', array: true, nullable: true })
  accessTokenScopes!: readonly string[] | null;
}
