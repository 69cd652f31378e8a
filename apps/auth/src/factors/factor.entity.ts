import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { ExportedColumns } from '../exported-rows.js';

/** `totp`: codes of an authenticator app (RFC 6238). `passkey`: a credential of WebAuthn. */
export type FactorKind = 'totp' | 'passkey';

/**
 * How a second factor was proved (RFC 8176). `otp`: also by a recovery code. `hwk`: a passkey on one
 * device; `swk`: one that may be on several.
 */
export type FactorMethod = 'otp' | 'hwk' | 'swk' | 'mfa';

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

export const FACTOR_EXPORT = {
  id: true,
  userId: 'not: of the account',
  kind: true,
  name: true,
  createdAt: true,
  lastUsedAt: true,
  secret: 'not: proves the factor',
  lastStep: 'not: only says which codes are used up',
} as const satisfies ExportedColumns<Factor>;

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

/** What a factor of the kind `passkey` is checked with: a WebAuthn credential. */
@Entity({ name: 'passkeys' })
export class Passkey {
  @PrimaryColumn({ name: 'factor_id', type: 'uuid' })
  factorId!: string;

  /** base64url, as authenticators choose it. */
  @Column({ name: 'credential_id', type: 'text' })
  credentialId!: string;

  /** COSE. */
  @Column({ name: 'public_key', type: 'bytea' })
  publicKey!: Buffer;

  /** Of an authenticator that counts: a lower one is a copy. A string, because bigint is. */
  @Column({ name: 'sign_count', type: 'bigint' })
  signCount!: string;

  @Column({ type: 'text', array: true })
  transports!: string[];

  /** It may be on several devices: `swk` in tokens, and else `hwk` (RFC 8176). */
  @Column({ name: 'is_synced', type: 'boolean' })
  isSynced!: boolean;
}

/** What a passkey has to sign, once. */
@Entity({ name: 'passkey_challenges' })
export class PasskeyChallenge {
  /** SHA-256. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  /** What for, and in which session or login: it is worth nothing anywhere else. */
  @Column({ name: 'bound_to', type: 'text' })
  boundTo!: string;

  /** `null`: for a login of the user who owns the passkey. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}
