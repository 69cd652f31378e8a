import { isDeepStrictEqual } from 'node:util';

import { networkOf, toUuid, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { holdAdministration } from '../access/access-locks.js';
import { AccessModel } from '../access/access-model.js';
import { ADMIN_ROLE, BUILT_IN_ROLES } from '../access/built-in.js';
import type { ByAdmin } from '../audit/by-admin.js';
import { AuditService, type AuditEntry } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { PasswordHasher } from './password-hasher.js';
import { UserChanges } from './user-changes.js';
import { newUser, type User } from './user.entity.js';
import type { NewUserRequest, UserChangeRequest } from './users.admin.schema.js';
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
    private readonly changes: UserChanges,
    private readonly accessModel: AccessModel,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The latest first.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery): Promise<Page<User>> {
    return this.users.list(query);
  }

  /** @throws UsersError `email_taken`, `too_many_attempts`; AccessModelError `invalid_access` */
  async create({ email, password, roles }: NewUserRequest, by: ByAdmin): Promise<User> {
    const passwordHash = await this.hasher.inTurn(networkOf(by.origin.address), ({ hash }) =>
      hash(password),
    );
    const user = newUser({ email, passwordHash, roles: distinct(roles) }, this.clock.now());
    await this.dataSource.transaction(async (manager) => {
      await holdAdministration(manager);
      await this.accessModel.assertRoles(manager, user.roles);
      await this.users.add(manager, user);
      const detail = { roles: user.roles };
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
  async change(userId: string, change: UserChangeRequest, by: ByAdmin): Promise<User> {
    const id = toUuid(userId);
    if (id === undefined) throw new UsersError('user_not_found', 'The text is no id of a user');
    return this.dataSource.transaction(async (manager) => {
      await holdAdministration(manager);
      const before = await this.users.lock(manager, id);
      if (!before) throw new UsersError('user_not_found', `There is no user ${id}`);
      const after: User = {
        ...before,
        isDisabled: change.disabled ?? before.isDisabled,
        roles: change.roles ? distinct(change.roles) : before.roles,
        claims: change.claims ?? before.claims,
      };
      if (change.roles) await this.accessModel.assertRoles(manager, change.roles);
      await this.users.update(manager, after);
      if (isAdmin(before) && !isAdmin(after)) await this.demandAnother(manager, id, by);
      await this.follow(manager, before, after, by);
      return after;
    });
  }

  /** @throws UsersError `locks_out` for oneself, and for the last administrator who can log in */
  private async demandAnother(manager: EntityManager, id: string, { actor }: ByAdmin) {
    if (id !== actor && (await this.users.hasAdmin(manager))) return;
    throw new UsersError('locks_out', `User ${id} has to remain an administrator`);
  }

  private async follow(
    manager: EntityManager,
    before: User,
    after: User,
    by: ByAdmin,
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
