import { serviceProblem } from '@jwt-auth/chassis';
import type { InputFault } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Config } from '../config.js';
import { AccessModelError } from './access.errors.js';
import { AccessRepository } from './access.repository.js';
import { OWN_SCOPES } from './built-in.js';
import type { IssuingTerms } from './issuing-terms.js';

const OWN_SCOPE_NAMES = OWN_SCOPES.map(({ name }) => name);

/** What decides the scopes of a token: its client, the roles of its user, and its audiences. */
interface TermsRequest {
  readonly clientId: string;
  /** Of the user, if there is one. */
  readonly roles?: readonly string[];
  /** Whether the user has a second factor, and has proved it. */
  readonly hasMfa?: boolean;
  /** Those that there are not are left out. */
  readonly audiences: readonly string[];
}

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
  async terms(
    manager: EntityManager,
    { clientId, roles = [], hasMfa = false, audiences }: TermsRequest,
  ): Promise<IssuingTerms> {
    const facts = await this.repository.issuingFacts(manager, { clientId, roles, audiences });
    const scopesOfRoles = new Map(Object.entries(facts.roles));
    const effective = hasMfa ? roles : roles.filter((role) => !facts.mfaRoles.includes(role));
    const scopesOfResources = new Map(Object.entries(facts.resources));
    const known = audiences.filter((each) => this.isOwn(each) || scopesOfResources.has(each));
    if (known.length === 0) {
      throw new AccessModelError('invalid_target', 'There is no such resource');
    }
    const scopesOf = (audience: string): string[] => [
      ...(scopesOfResources.get(audience) ?? []),
      ...(this.isOwn(audience) ? OWN_SCOPE_NAMES : []),
    ];
    return {
      tokenVersion: facts.tokenVersion ?? 0,
      audiences: known,
      scopes: new Set(known.flatMap(scopesOf)),
      roles: effective,
      roleScopes: effective.flatMap((role) => scopesOfRoles.get(role) ?? []),
    };
  }

  /** Whether tokens for this audience are for auth's own API. */
  isOwn(audience: string): boolean {
    return this.config.ownAudiences.includes(audience);
  }

  /** The scopes of `AUDIENCE` but those of auth itself. */
  serviceScopes(manager: EntityManager): Promise<string[]> {
    return this.repository.scopeNames(manager, [this.config.audience]);
  }

  /** All scopes that there are; while the database is away, those that there were. */
  async supportedScopes(): Promise<readonly string[]> {
    try {
      const names = await this.repository.scopeNames();
      this.lastSupported = [...names, ...OWN_SCOPE_NAMES];
      return this.lastSupported;
    } catch (error) {
      if (!this.lastSupported || serviceProblem(error)?.status !== 503) throw error;
      return this.lastSupported;
    }
  }

  /** Those of the roles that need a second factor. */
  async mfaRoles(manager: EntityManager, roles: readonly string[]): Promise<string[]> {
    const needing = await this.repository.mfaRoles(manager, roles);
    return roles.filter((role) => needing.includes(role));
  }

  /** @throws AccessModelError `invalid_access` */
  async assertRoles(manager: EntityManager, roles: readonly string[]): Promise<void> {
    const known = new Set(await this.repository.knownRoles(manager, roles));
    refuseUnknown(faultsIn('roles', roles, known, 'is not a role'));
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
    const known = await this.repository.knownAudiences(manager, effective);
    const names = await this.repository.scopeNames(manager, effective);
    refuseUnknown([
      ...faultsIn('audiences', audiences, new Set([...known, ...own]), 'is not a resource'),
      ...faultsIn(
        'scopes',
        scopes,
        new Set([...names, ...(own.length > 0 ? OWN_SCOPE_NAMES : [])]),
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
    const known = new Set([...(await this.repository.scopeNames(manager)), ...OWN_SCOPE_NAMES]);
    refuseUnknown(faultsIn('scopes', scopes, known, 'is not a scope of any resource'));
  }
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
