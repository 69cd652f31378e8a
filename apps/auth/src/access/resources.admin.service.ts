import { isDeepStrictEqual } from 'node:util';

import type { Page, PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { DoneBy } from '../audit/origin.js';
import { Config } from '../config.js';
import { AccessChanges } from './access-changes.js';
import { beginAdministration, stopIssuing } from './access-locks.js';
import { AccessModel } from './access-model.js';
import { AccessModelError } from './access.errors.js';
import { AccessRepository } from './access.repository.js';
import { isOwnScope, OWN_SCOPES, OWN_SCOPES_ONLY } from '../built-in-access.js';
import type { Resource, ResourceScope } from './access.entity.js';

/**
 * Resources as administrators manage them. Each change, its revocations and its audit event are one
 * transaction. Auth's own API is the resource of the issuer, which always has its own scopes.
 */
@Injectable()
export class ResourcesAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AccessRepository,
    private readonly model: AccessModel,
    private readonly changes: AccessChanges,
    private readonly audit: AuditService,
    private readonly config: Config,
  ) {}

  /**
   * By audience.
   *
   * @throws PageCursorError
   */
  async list(query: PageQuery): Promise<Page<Resource>> {
    const page = await this.repository.listResources(this.config.issuer, query);
    return { ...page, items: page.items.map((resource) => this.complete(resource)) };
  }

  /** @throws AccessModelError `already_exists` */
  async create(resource: Resource, by: DoneBy): Promise<Resource> {
    const { audience, scopes } = resource;
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      if (this.isBuiltIn(audience) || (await this.repository.findResource(manager, audience))) {
        throw new AccessModelError('already_exists', `There is a resource ${audience}`);
      }
      await this.repository.saveResource(manager, resource);
      await this.audit.record(manager, {
        ...by,
        action: 'resource.created',
        subject: audience,
        detail: { scopes: namesOf(scopes) },
      });
      return resource;
    });
  }

  /**
   * Gives a resource other scopes. Live tokens that name one that it loses are revoked.
   *
   * @throws AccessModelError `resource_not_found`, `built_in`, `invalid_access`
   */
  async change(audience: string, scopes: readonly ResourceScope[], by: DoneBy): Promise<Resource> {
    return this.dataSource.transaction(async (manager) => {
      const before = await this.findLocked(manager, audience, by);
      const after = this.stored({ audience, scopes });
      if (isDeepStrictEqual(before.scopes, after.scopes)) return this.complete(before);
      const kept = new Set(namesOf(after.scopes));
      const removed = namesOf(before.scopes).filter((name) => !kept.has(name));
      const narrowing = { of: 'resource', audience, scopes: removed, isRemoved: false } as const;
      if (removed.length > 0) await stopIssuing(manager);
      await this.repository.saveResource(manager, after);
      const revoked = removed.length > 0 ? await this.narrow(manager, narrowing, by) : 0;
      await this.audit.record(manager, {
        ...by,
        action: 'resource.changed',
        subject: audience,
        detail: { scopes: [...kept], removed, revoked },
      });
      return this.complete(after);
    });
  }

  /**
   * The end of a resource, of its scopes, and of the live tokens for it.
   *
   * @throws AccessModelError `resource_not_found`, `built_in`
   */
  async delete(audience: string, by: DoneBy): Promise<void> {
    if (this.isBuiltIn(audience)) throw needed('The API of auth itself');
    await this.dataSource.transaction(async (manager) => {
      const { scopes } = await this.findLocked(manager, audience, by);
      await stopIssuing(manager);
      await this.repository.deleteResource(manager, audience);
      const removed = namesOf(scopes);
      // Tokens for `AUDIENCE` that name only scopes of auth itself stay good there.
      const isRemoved = !this.model.isOwn(audience);
      const narrowing = { of: 'resource', audience, scopes: removed, isRemoved } as const;
      const revoked = await this.narrow(manager, narrowing, by);
      await this.audit.record(manager, {
        ...by,
        action: 'resource.deleted',
        subject: audience,
        detail: { removed, revoked },
      });
    });
  }

  isBuiltIn(audience: string): boolean {
    return audience === this.config.issuer;
  }

  private async narrow(
    manager: EntityManager,
    narrowing: Parameters<AccessChanges['announce']>[1],
    by: DoneBy,
  ): Promise<number> {
    const revoked = await this.changes.announce(manager, narrowing, by);
    await this.repository.forgetScopes(manager, narrowing.scopes);
    return revoked;
  }

  /** @throws AccessModelError `resource_not_found` */
  private async findLocked(
    manager: EntityManager,
    audience: string,
    by: DoneBy,
  ): Promise<Resource> {
    await beginAdministration(manager, by);
    const found = await this.repository.findResource(manager, audience);
    if (found) return found;
    if (this.isBuiltIn(audience)) return { audience, scopes: [] };
    throw new AccessModelError('resource_not_found', `There is no resource ${audience}`);
  }

  /**
   * As it is stored: without auth's own scopes.
   *
   * @throws AccessModelError `built_in`, `invalid_access`
   */
  private stored({ audience, scopes }: Resource): Resource {
    const names = new Set(namesOf(scopes));
    if (!this.isBuiltIn(audience)) {
      if (![...names].some(isOwnScope)) return { audience, scopes };
      throw new AccessModelError('invalid_access', OWN_SCOPES_ONLY, {
        faults: [{ path: 'scopes', message: OWN_SCOPES_ONLY }],
      });
    }
    if (!OWN_SCOPES.every(({ name }) => names.has(name))) throw needed('Its own scopes');
    return { audience, scopes: scopes.filter(({ name }) => !isOwnScope(name)) };
  }

  /** As it is shown: with auth's own scopes, if it is auth itself. */
  private complete({ audience, scopes }: Resource): Resource {
    return { audience, scopes: [...scopes, ...(this.isBuiltIn(audience) ? OWN_SCOPES : [])] };
  }
}

const namesOf = (scopes: readonly ResourceScope[]): string[] => scopes.map(({ name }) => name);

function needed(what: string): AccessModelError {
  return new AccessModelError('built_in', `${what} cannot be removed`);
}
