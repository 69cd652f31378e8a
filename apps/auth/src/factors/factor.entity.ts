import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `totp`: codes of an authenticator app (RFC 6238). `passkey`: a credential of WebAuthn. */
export type FactorKind = 'totp' | 'passkey';

/** A second factor of a user. */
@Entity({ name: 'factors' })
export class Factor {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  kind!: FactorKind;

  /** The user's own, such as `Phone`. */
  @Column({ type: 'text' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  /** What codes are computed from, encrypted. Only of `totp`. */
  @Column({ type: 'bytea', nullable: true })
  secret!: Buffer | null;

  /** The time step of the last code that was used: only later ones work. Only of `totp`. */
  @Column({ name: 'last_step', type: 'integer', nullable: true })
  lastStep!: number | null;
}

/** An authenticator app that its user has not confirmed by a code yet. The newest one of a user. */
@Entity({ name: 'totp_enrolments' })
export class TotpEnrolment {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Only this one confirms it. */
  @Column({ name: 'session_id', type: 'uuid' })
  sessionId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'bytea' })
  secret!: Buffer;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}

/** A code that takes the place of the other factors, once. */
@Entity({ name: 'recovery_codes' })
export class RecoveryCode {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** SHA-256 of the code, which has 99 random bits. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;
}
