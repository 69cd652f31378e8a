import { Column, Entity, PrimaryColumn } from 'typeorm';

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
