import { randomUUID } from 'node:crypto';

import type { ExpiredRows } from '@jwt-auth/chassis';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { CustomClaims } from '../custom-claims.js';
import { emailKey } from '../credentials/email.js';
import type { ExportedColumns } from '../exported-rows.js';

/**
 * How an account came to be, which decides what an unverified e-mail means.
 *
 * - `trusted`: by an administrator, a seed, or before e-mails were verified. Its user may always log in.
 * - `open`: by its user, who could log in at once.
 * - `pending`: by someone who has to verify the e-mail first. Nobody has used it: until then another
 *   registration of the e-mail replaces the password. A login, while no e-mail has to be verified, makes it
 *   `open`.
 */
export type Registration = 'trusted' | 'open' | 'pending';

/** An account of a human being, who logs in with it. */
@Entity({ name: 'users' })
export class User {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** As the user wrote it. */
  @Column({ type: 'text' })
  email!: string;

  /** The e-mail without regard to case: unique. See `emailKey`. */
  @Column({ name: 'email_key', type: 'text' })
  emailKey!: string;

  /** Argon2id in PHC form. The first login replaces an imported hash. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  /** When the password changed. Another hash of the same password does not count. */
  @Column({ name: 'password_changed_at', type: 'timestamptz' })
  passwordChangedAt!: Date;

  @Column({ type: 'text', array: true })
  roles!: string[];

  /** Cannot log in or refresh. */
  @Column({ name: 'is_disabled', type: 'boolean' })
  isDisabled!: boolean;

  /** Travels in the user's access tokens under `claims`. */
  @Column({ type: 'jsonb' })
  claims!: CustomClaims;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** When the user proved that they read the mail of this address; `null`: not yet. */
  @Column({ name: 'email_verified_at', type: 'timestamptz', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column({ type: 'text' })
  registration!: Registration;

  /**
   * When the rows of a user who deleted the account are removed. Until then the user is disabled, and
   * can be restored; `null`: the account is not being deleted.
   */
  @Column({ name: 'delete_at', type: 'timestamptz', nullable: true })
  deleteAt!: Date | null;

  /** A password alone is not enough to log in. `factors/` keeps it true. */
  @Column({ name: 'has_second_factor', type: 'boolean' })
  hasSecondFactor!: boolean;
}

export const USER_EXPORT = {
  id: true,
  email: true,
  emailKey: 'not: the e-mail again',
  emailVerifiedAt: true,
  passwordHash: 'not: only helps to guess the password',
  passwordChangedAt: true,
  roles: true,
  claims: true,
  registration: true,
  createdAt: true,
  isDisabled: 'not: a disabled user cannot export',
  deleteAt: 'not: a user who is being deleted cannot export',
  hasSecondFactor: 'not: the export has the factors',
} as const satisfies ExportedColumns<User>;

/** Whether an account waits for the verification of its e-mail, and nobody has used it: see `Registration`. */
export const isPending = ({ registration, emailVerifiedAt }: User): boolean =>
  registration === 'pending' && emailVerifiedAt === null;

/** The same of a row of `users`, in SQL. */
export const rowIsPending = (row: string): string =>
  `${row}.registration = 'pending' AND ${row}.email_verified_at IS NULL`;

/**
 * Users who deleted their account: on time, as they were promised, with all rows that refer to them. Not if the
 * release before, which does not know of it, enabled the user meanwhile.
 */
export const DELETED_USERS: ExpiredRows = {
  entity: User,
  condition: `expired.deleteAt < now() AND expired.isDisabled`,
  age: 'deleteAt',
};

/**
 * Someone registered an e-mail and never verified it: nobody has used the account. An administrator who disabled
 * it, or gave it anything, wants it kept. The release before leaves one `pending` that is used.
 */
export const UNVERIFIED_USERS: ExpiredRows = {
  entity: User,
  condition: `${rowIsPending('expired')}
    AND expired.passwordChangedAt < now() - interval '30 days'
    AND NOT expired.isDisabled AND expired.roles <@ '{user}' AND expired.claims = '{}'
    AND NOT EXISTS (SELECT FROM known_networks WHERE user_id = expired.id)`,
  age: 'passwordChangedAt',
};

/** A network (see `networkOf`) from which a user has logged in. */
@Entity({ name: 'known_networks' })
export class KnownNetwork {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @PrimaryColumn({ type: 'text' })
  network!: string;

  /** To the day: it is not written at each login. */
  @Column({ name: 'last_login_at', type: 'timestamptz' })
  lastLoginAt!: Date;
}

export const NETWORK_EXPORT = {
  userId: true,
  network: true,
  lastLoginAt: true,
} as const satisfies ExportedColumns<KnownNetwork>;

/** A user who is not stored yet. */
export function unsavedUser(
  {
    email,
    passwordHash,
    roles,
    registration = 'trusted',
  }: Pick<User, 'email' | 'passwordHash' | 'roles'> & Partial<Pick<User, 'registration'>>,
  now: Date,
): User {
  return {
    id: randomUUID(),
    email,
    emailKey: emailKey(email),
    passwordHash,
    passwordChangedAt: now,
    roles,
    isDisabled: false,
    claims: {},
    createdAt: now,
    emailVerifiedAt: null,
    registration,
    deleteAt: null,
    hasSecondFactor: false,
  };
}
