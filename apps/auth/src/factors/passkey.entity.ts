import { Column, Entity, PrimaryColumn } from 'typeorm';

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
