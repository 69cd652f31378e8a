import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The life of a signing key.
 *
 * - `next`: published, does not sign yet. - `active`: published, signs. - `retired`: published until
 *   the last token it signed has expired. - `withdrawn`: compromised, published no more.
 */
export const SIGNING_KEY_STATES = ['next', 'active', 'retired', 'withdrawn'] as const;
export type SigningKeyState = (typeof SIGNING_KEY_STATES)[number];

/** The states of which there is always one key. */
export type CurrentState = Extract<SigningKeyState, 'next' | 'active'>;

/** Until every process publishes a new key, and every service that follows the feed has fetched it. */
export const SETTLING_MS = 2_000;

/** The public members of an RSA key (RFC 7517, RFC 7518 section 6.3.1). */
export interface RsaPublicJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
}

/** One of the keys that sign access tokens. At most one is `active`, at most one is `next`. */
@Entity({ name: 'signing_keys' })
export class SigningKey {
  @PrimaryColumn({ type: 'text' })
  kid!: string;

  @Column({ type: 'text' })
  state!: SigningKeyState;

  @Column({ name: 'public_key', type: 'jsonb' })
  publicKey!: RsaPublicJwk;

  /** PKCS #8, encrypted: see `key-encryption.ts`. Erased once the key signs no more. */
  @Column({ name: 'private_key', type: 'bytea', nullable: true })
  privateKey!: Buffer | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'activated_at', type: 'timestamptz', nullable: true })
  activatedAt!: Date | null;

  @Column({ name: 'retired_at', type: 'timestamptz', nullable: true })
  retiredAt!: Date | null;
}
