import { serviceProblem } from '@jwt-auth/chassis';
import type { InputFault } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Config } from '../config.js';
import { AccessModelError } from './access.errors.js';
import { AccessRepository } from './access.repository.js';
import { OWN_SCOPES } from '../built-in-access.js';
import type { IssuingTerms, TermsRequest } from './issuing-terms.js';
import type { Resource } from './access.entity.js';

const OWN_SCOPE_NAMES = OWN_SCOPES.map(({ name }) => name);

/**
 * Resources, scopes and roles, as other domains ask about them. Nothing is kept in memory: a change
 * through another process counts from its commit.
 */
@Injectable()
export class AccessModel {
  private lastSupported: readonly string[] | undefined;

  constructor(
    private readonly repository: AccessRepository,
    private readonly config: Config,
  ) {}

  /**
   * What a token may say now. For a user's token an earlier statement of the transaction must have
   * used `keyWhileIssuing`; for a client's, it must have locked the client.
   *
   * @throws AccessModelError `invalid_target` if there is none of the resources
   */
  async terms(manager: EntityManager, request: TermsRequest): Promise<IssuingTerms> {
    const { roles = [], hasMfa = false, audiences } = request;
    const facts = await this.repository.issuingFacts(manager, request);
    const scopesOfRoles = new Map(Object.entries(facts.roles));
    const effective = hasMfa ? roles : roles.filter((role) => !facts.mfaRoles.includes(role));
    const scopesOfResources = new Map(Object.entries(facts.resources));
    const known = audiences.filter((each) => this.isOwn(each) || scopesOfResources.has(each));
    if (known.length === 0) {
      throw new AccessModelError('invalid_target', 'There is no such resource');
    }
    const scopesFor = (audience: string): string[] => [
      ...(scopesOfResources.get(audience) ?? []),
      ...(this.isOwn(audience) ? OWN_SCOPE_NAMES : []),
    ];
    return {
      tokenVersion: facts.tokenVersion ?? 0,
      audiences: known,
      scopes: new Set(known.flatMap(scopesFor)),
      roles: effective,
      roleScopes: effective.flatMap((role) => scopesOfRoles.get(role) ?? []),
    };
  }

  /** Whether tokens for this audience are for auth's own API. */
  isOwn(audience: string): boolean {
    return this.config.ownAudiences.includes(audience);
  }

  /** The scopes of `AUDIENCE` but those of auth itself. */
  async serviceScopes(manager: EntityManager): Promise<string[]> {
    return scopesOf(await this.repository.resources(manager, [this.config.audience]));
  }

  /** All scopes that there are; while the database is away, those that there were. */
  async supportedScopes(): Promise<readonly string[]> {
    try {
      const resources = await this.repository.resources();
      this.lastSupported = [...scopesOf(resources), ...OWN_SCOPE_NAMES];
      return this.lastSupported;
    } catch (error) {
      if (!this.lastSupported || serviceProblem(error)?.status !== 503) throw error;
      return this.lastSupported;
    }
  }

  /** Those of the roles that need a second factor. */
  async mfaRoles(manager: EntityManager, roles: readonly string[]): Promise<string[]> {
    const known = await this.repository.roles(manager, roles);
    return roles.filter((role) =>
      known.some(({ name, requiresMfa }) => requiresMfa && name === role),
    );
  }

  /** @throws AccessModelError `invalid_access` */
  async assertRoles(manager: EntityManager, roles: readonly string[]): Promise<void> {
    const known = await this.repository.roles(manager, roles);
    const names = new Set(known.map(({ name }) => name));
    refuseUnknown(faultsIn('roles', roles, names, 'is not a role'));
  }

  /**
   * What a client is registered for: resources that there are, and scopes of theirs.
   *
   * @throws AccessModelError `invalid_access`
   */
  async assertClientAccess(
    manager: EntityManager,
    { audiences, scopes }: { audiences: readonly string[]; scopes: readonly string[] },
  ): Promise<void> {
    const effective = audiences.length > 0 ? audiences : [this.config.audience];
    const own = effective.filter((audience) => this.isOwn(audience));
    const resources = await this.repository.resources(manager, effective);
    const known = new Set([...resources.map(({ audience }) => audience), ...own]);
    refuseUnknown([
      ...faultsIn('audiences', audiences, known, 'is not a resource'),
      ...faultsIn(
        'scopes',
        scopes,
        new Set([...scopesOf(resources), ...(own.length > 0 ? OWN_SCOPE_NAMES : [])]),
        'is not a scope of its audiences',
      ),
    ]);
  }

  /**
   * What a role may have: scopes of any resource.
   *
   * @throws AccessModelError `invalid_access`
   */
  async assertScopes(manager: EntityManager, scopes: readonly string[]): Promise<void> {
    const resources = await this.repository.resources(manager);
    const known = new Set([...scopesOf(resources), ...OWN_SCOPE_NAMES]);
    refuseUnknown(faultsIn('scopes', scopes, known, 'is not a scope of any resource'));
  }
}

/** The names of all scopes of these resources, each once. */
function scopesOf(resources: readonly Resource[]): string[] {
  return [...new Set(resources.flatMap(({ scopes }) => scopes.map(({ name }) => name)))];
}

function faultsIn(
  path: string,
  names: readonly string[],
  known: ReadonlySet<string>,
  message: string,
): InputFault[] {
  return names.flatMap((name, index) =>
    known.has(name) ? [] : [{ path: `${path}.${index}`, message }],
  );
}

function refuseUnknown(faults: readonly InputFault[]): void {
  if (faults.length === 0) return;
  throw new AccessModelError('invalid_access', 'There is no such role, scope or resource', {
    faults,
  });
}
