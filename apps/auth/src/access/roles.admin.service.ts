import { isDeepStrictEqual } from 'node:util';

import type { Page, PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { DoneBy } from '../audit/origin.js';
import { AccessChanges } from './access-changes.js';
import { beginAdministration, stopIssuing } from './access-locks.js';
import { AccessModel } from './access-model.js';
import { AccessModelError } from './access.errors.js';
import type { RoleChange } from './access.schema.js';
import { AccessRepository } from './access.repository.js';
import { ACCOUNT_SCOPE, BUILT_IN_ROLES, lacksAdminScope } from '../built-in-access.js';
import type { Role } from './access.entity.js';

/**
 * Roles as administrators manage them. Each change, its revocations and its audit event are one
 * transaction. The role `admin` stays, and keeps the scope `admin`: nobody locks themselves out.
 */
@Injectable()
export class RolesAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AccessRepository,
    private readonly model: AccessModel,
    private readonly changes: AccessChanges,
    private readonly audit: AuditService,
  ) {}

  /**
   * By name.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery): Promise<Page<Role>> {
    return this.repository.listRoles(query);
  }

  /** @throws AccessModelError `already_exists`, `invalid_access` */
  async create(role: Role, by: DoneBy): Promise<Role> {
    const { name, scopes, requiresMfa } = role;
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      if (await this.repository.findRole(manager, name)) {
        throw new AccessModelError('already_exists', `There is a role ${name}`);
      }
      await this.model.assertScopes(manager, scopes);
      await this.repository.saveRole(manager, role);
      await this.audit.record(manager, {
        ...by,
        action: 'role.created',
        subject: name,
        detail: { scopes, requiresMfa },
      });
      return role;
    });
  }

  /**
   * Gives a role other scopes, or demands a second factor. Live tokens of its users that name a scope
   * that they lose are revoked; with a new demand, all that may name the role.
   *
   * @throws AccessModelError `role_not_found`, `built_in`, `invalid_access`
   */
  async change(
    name: string,
    { scopes, requiresMfa: demanded }: Pick<RoleChange, 'scopes' | 'requiresMfa'>,
    by: DoneBy,
  ): Promise<Role> {
    return this.dataSource.transaction(async (manager) => {
      const before = await this.findLocked(manager, name, by);
      const requiresMfa = demanded ?? before.requiresMfa;
      const after = { name, scopes, requiresMfa };
      if (isDeepStrictEqual({ ...before }, after)) return before;
      if (lacksAdminScope(after)) {
        throw new AccessModelError('built_in', 'The role admin keeps the scope admin');
      }
      await this.model.assertScopes(manager, scopes);
      // Every user has the scope `account`, with this role or without it.
      const removed = before.scopes.filter(
        (scope) => scope !== ACCOUNT_SCOPE && !scopes.includes(scope),
      );
      const isNewDemand = requiresMfa && !before.requiresMfa;
      const isNarrowed = removed.length > 0 || isNewDemand;
      if (isNarrowed) await stopIssuing(manager);
      await this.repository.saveRole(manager, after);
      const narrowing = {
        ...({ of: 'role', name, scopes: removed, isRemoved: false } as const),
        requiresMfa: isNewDemand,
      };
      const revoked = isNarrowed ? await this.changes.announce(manager, narrowing, by) : 0;
      await this.audit.record(manager, {
        ...by,
        action: 'role.changed',
        subject: name,
        detail: { scopes, requiresMfa, removed, revoked },
      });
      return after;
    });
  }

  /**
   * Takes a role from all users, and ends the live tokens that name it.
   *
   * @throws AccessModelError `role_not_found`, `built_in`
   */
  async delete(name: string, by: DoneBy): Promise<void> {
    if (BUILT_IN_ROLES.includes(name)) {
      throw new AccessModelError('built_in', `The role ${name} cannot be removed`);
    }
    await this.dataSource.transaction(async (manager) => {
      const { scopes } = await this.findLocked(manager, name, by);
      await stopIssuing(manager);
      await this.repository.deleteRole(manager, name);
      const narrowing = { of: 'role', name, scopes, isRemoved: true } as const;
      const revoked = await this.changes.announce(manager, narrowing, by);
      await this.audit.record(manager, {
        ...by,
        action: 'role.deleted',
        subject: name,
        detail: { scopes, revoked },
      });
    });
  }

  /** @throws AccessModelError `role_not_found` */
  private async findLocked(manager: EntityManager, name: string, by: DoneBy): Promise<Role> {
    await beginAdministration(manager, by);
    const role = await this.repository.findRole(manager, name);
    if (role) return role;
    throw new AccessModelError('role_not_found', `There is no role ${name}`);
  }
}
