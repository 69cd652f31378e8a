import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { Claims } from '../tokens/own-claims.js';
import type { Role } from './roles.js';

/** A person who can log in. */
@Entity({ name: 'users' })
export class User {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** As the person wrote it. */
  @Column({ type: 'text' })
  email!: string;

  /** The same without regard to case: unique. See `emailKey`. */
  @Column({ name: 'email_key', type: 'text' })
  emailKey!: string;

  /** Argon2id in PHC form. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  /** A new password, not a new hash of the same one. */
  @Column({ name: 'password_changed_at', type: 'timestamptz' })
  passwordChangedAt!: Date;

  @Column({ type: 'text', array: true })
  roles!: Role[];

  /** May not log in or refresh. */
  @Column({ name: 'is_disabled', type: 'boolean' })
  isDisabled!: boolean;

  /** Travels in the person's access tokens under `claims`. */
  @Column({ type: 'jsonb' })
  claims!: Claims;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
