import type { User } from './user.entity.js';

/** A person as they were at the moment of a reading. */
export interface KnownUser extends User {
  /** Of the row: another one after any change, so that a later statement can ask for the same. */
  readonly version: string;
}

/** The columns of a `KnownUser`, from `users AS person`. */
export const KNOWN_USER = `
  person.id, person.email, person.email_key AS "emailKey", person.password_hash AS "passwordHash",
  person.password_changed_at AS "passwordChangedAt", person.roles,
  person.is_disabled AS "isDisabled", person.claims, person.created_at AS "createdAt",
  person.xmin::text AS version`;
