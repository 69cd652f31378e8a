import { isDeepStrictEqual } from 'node:util';

import { networkOf, type Page } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { beginAdministration } from '../access/access-locks.js';
import { AccessModel } from '../access/access-model.js';
import { ADMIN_ROLE, BUILT_IN_ROLES } from '../built-in-access.js';
import type { DoneBy } from '../audit/origin.js';
import { AuditService, type AuditEntry } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { generatePassword } from '../credentials/passwords.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordRules } from './password-rules.js';
import { UserChanges } from './user-changes.js';
import { unsavedUser, type User } from './user.entity.js';
import type { NewUserRequest, UserChangeRequest, UserQuery } from './users.admin.schema.js';
import { UsersError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

const isAdmin = ({ roles, isDisabled }: User): boolean => roles.includes(ADMIN_ROLE) && !isDisabled;

/** Each role once, in one order: those of auth itself first. */
function distinct(roles: readonly string[]): string[] {
  const others = roles.filter((role) => !BUILT_IN_ROLES.includes(role)).sort();
  return [...BUILT_IN_ROLES.filter((role) => roles.includes(role)), ...new Set(others)];
}

/** Users as administrators manage them. Each change and its audit event are one transaction. */
@Injectable()
export class UsersAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly passwordRules: PasswordRules,
    private readonly changes: UserChanges,
    private readonly accessModel: AccessModel,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The latest first, if `email` is given only those whose e-mail begins with it.
   *
   * @throws PageCursorError
   */
  list({ email, ...page }: UserQuery): Promise<Page<User>> {
    return this.users.list(page, email);
  }

  /** @throws UsersError `user_not_found` */
  get(userId: string): Promise<User> {
    return this.users.demand(userId);
  }

  /** @throws UsersError `email_taken`, `password_breached`, `password_guessable`, `too_many_attempts`; AccessModelError `invalid_access` */
  async create(request: NewUserRequest, by: DoneBy): Promise<User> {
    const { email, password, roles, claims, emailVerified } = request;
    // The schema demands one of the two.
    if (password !== undefined)
      await this.passwordRules.refuse(password, { email, path: 'password' });
    const passwordHash = request.passwordHash ?? (await this.hash(password ?? '', by));
    const now = this.clock.now();
    const user: User = {
      ...unsavedUser({ email, passwordHash, roles: distinct(roles) }, now),
      claims,
      emailVerifiedAt: emailVerified ? now : null,
    };
    await this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      await this.accessModel.assertRoles(manager, user.roles);
      await this.users.add(manager, user);
      const isImported = request.passwordHash !== undefined;
      const detail = { roles: user.roles, ...(isImported && { passwordHash: 'imported' }) };
      await this.audit.record(manager, {
        ...by,
        action: 'user.created',
        subject: user.id,
        detail,
      });
    });
    return user;
  }

  /**
   * Disabling ends all sessions at once. Other roles or claims end the access tokens and not the
   * sessions: the next refresh carries the new ones. What is so already is not done again.
   *
   * @throws UsersError `user_not_found`, `locks_out`; AccessModelError `invalid_access`
   */
  async change(userId: string, change: UserChangeRequest, by: DoneBy): Promise<User> {
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      const before = await this.users.demandLocked(manager, userId);
      const { id } = before;
      const after: User = {
        ...before,
        isDisabled: change.disabled ?? before.isDisabled,
        roles: change.roles ? distinct(change.roles) : before.roles,
        claims: change.claims ?? before.claims,
        // Enabled again: the account stays.
        deleteAt: change.disabled === false ? null : before.deleteAt,
      };
      if (change.roles) await this.accessModel.assertRoles(manager, change.roles);
      const { isDisabled, roles, claims, deleteAt } = after;
      await this.users.update(manager, before, { isDisabled, roles, claims, deleteAt });
      if (isAdmin(before) && !isAdmin(after)) await this.demandAnother(manager, id, by);
      await this.follow(manager, before, after, by);
      if (change.disabled && before.deleteAt) await this.keepDisabled(manager, id, by);
      return after;
    });
  }

  /**
   * Replaces a password that nobody needs to know, and ends all sessions. Not one's own: for that, the
   * current one must be known, or a stolen access token would be enough to take an account.
   *
   * @returns the new password, if none is given
   * @throws UsersError `user_not_found`, `locks_out`, `password_breached`, `password_guessable`, `too_many_attempts`
   */
  async resetPassword(
    userId: string,
    given: string | undefined,
    by: DoneBy,
  ): Promise<string | undefined> {
    // Before the hash, which costs more.
    const { id, email } = await this.users.demand(userId);
    if (id === by.actor) throw new UsersError('locks_out', 'It is the password of the caller');
    if (given !== undefined) await this.passwordRules.refuse(given, { email, path: 'password' });
    const password = given ?? generatePassword();
    const passwordHash = await this.hash(password, by);
    await this.dataSource.transaction(async (manager) => {
      const user = await this.users.demandLocked(manager, id);
      await demandStillValid(manager, by.caller);
      await this.users.setPassword(manager, id, passwordHash, this.clock.now());
      await this.audit.record(manager, { ...by, action: 'user.password_reset', subject: id });
      await this.changes.announce(manager, { ...by, changed: 'password', userId: id });
      await this.mail.addNotice(manager, user, 'password-replaced', undefined);
    });
    return given === undefined ? password : undefined;
  }

  /**
   * Removes a user with all that refers to it, and ends its access tokens. The audit log keeps ids only.
   *
   * @throws UsersError `user_not_found`, `locks_out`
   */
  async delete(userId: string, by: DoneBy): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      const user = await this.users.demandLocked(manager, userId);
      const { id } = user;
      await this.changes.announce(manager, { ...by, changed: 'deleted', userId: id });
      await this.mail.remove(manager, id);
      await this.users.delete(manager, id);
      if (id === by.actor || isAdmin(user)) await this.demandAnother(manager, id, by);
      await this.audit.record(manager, { ...by, action: 'user.deleted', subject: id });
    });
  }

  private hash(password: string, { origin }: DoneBy): Promise<string> {
    const network = networkOf(origin?.address ?? 'shell');
    return this.hasher.inTurn(network, ({ hash }) => hash(password));
  }

  /** @throws UsersError `locks_out` for oneself, and for the last administrator who may log in */
  private async demandAnother(manager: EntityManager, id: string, { actor }: DoneBy) {
    if (id === actor) throw new UsersError('locks_out', 'It is the account of the caller');
    await this.users.demandAdmin(manager);
  }

  /** The user deleted the account, which disabled it, and could restore it by a link. That ends here. */
  private async keepDisabled(manager: EntityManager, id: string, by: DoneBy): Promise<void> {
    await this.audit.record(manager, { ...by, action: 'user.disabled', subject: id });
    await this.changes.announce(manager, { ...by, changed: 'disabled', userId: id });
    // The link may not have been sent yet.
    await this.mail.remove(manager, id, 'account-deleted');
  }

  private async follow(
    manager: EntityManager,
    before: User,
    after: User,
    by: DoneBy,
  ): Promise<void> {
    const { id, isDisabled, roles, claims } = after;
    const record = (action: AuditEntry['action'], detail = {}): Promise<void> =>
      this.audit.record(manager, { ...by, action, subject: id, detail });
    const haveRolesChanged = !isDeepStrictEqual(roles, distinct(before.roles));
    const haveClaimsChanged = !isDeepStrictEqual(claims, before.claims);
    if (haveRolesChanged) await record('user.roles_changed', { from: before.roles, to: roles });
    // Not the claims themselves: the log is kept for good, and they may be anything.
    if (haveClaimsChanged) await record('user.claims_changed');
    if (haveRolesChanged || haveClaimsChanged) {
      await this.changes.announce(manager, { changed: 'access', userId: id, ...by });
    }
    if (isDisabled === before.isDisabled) return;
    await record(isDisabled ? 'user.disabled' : 'user.enabled');
    if (isDisabled)
      await this.changes.announce(manager, { changed: 'disabled', userId: id, ...by });
  }
}
