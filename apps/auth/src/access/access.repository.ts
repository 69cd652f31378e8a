import {
  execute,
  isText,
  readPage,
  type Page,
  type PageQuery,
  type Statement,
} from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import { z } from 'zod';

import type { TermsRequest } from './issuing-terms.js';
import { Resource, Role } from './access.entity.js';

/** What is read of roles and resources when a token is issued. */
export interface IssuingFacts {
  /** `null`: the client was never revoked. */
  readonly tokenVersion: number | null;
  /** Those of the roles that need a second factor. */
  readonly mfaRoles: readonly string[];
  /** The scopes of those roles that there are, by name. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** The scopes of those resources that there are, by audience. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

// Read for each token that is issued: with the client's revocations, to be one round trip.
const ISSUING_FACTS: Statement = {
  name: 'access.issuing_facts',
  text: `
    SELECT
      (SELECT token_version::float8 FROM revoked_tokens WHERE kind = 'client' AND id = $1)
        AS "tokenVersion",
      (SELECT coalesce(jsonb_object_agg(name, scopes), '{}') FROM roles WHERE name = ANY($2))
        AS roles,
      ARRAY(SELECT name FROM roles WHERE name = ANY($2) AND requires_mfa) AS "mfaRoles",
      (SELECT coalesce(jsonb_object_agg(audience, jsonb_path_query_array(scopes, '$[*].name')), '{}')
        FROM resources WHERE audience = ANY($3)) AS resources`,
};

/** Auth itself is in the list, even if no scopes of other services are stored under its audience. */
const LIST_RESOURCES = `
  SELECT audience, scopes FROM (
    SELECT audience, scopes FROM resources
    UNION ALL
    SELECT $1, '[]' WHERE NOT EXISTS (SELECT FROM resources WHERE audience = $1)
  ) AS resource
  WHERE audience COLLATE "C" > $2 ORDER BY audience COLLATE "C" LIMIT $3`;

const KeyPosition = z.tuple([z.string().max(255).refine(isText)]);

/** All SQL of resources and roles. */
@Injectable()
export class AccessRepository {
  constructor(private readonly dataSource: DataSource) {}

  async issuingFacts(
    manager: EntityManager,
    { clientId, roles = [], audiences }: TermsRequest,
  ): Promise<IssuingFacts> {
    const values = [clientId, roles, audiences];
    const [facts] = await execute<IssuingFacts>(manager, ISSUING_FACTS, values);
    return facts as IssuingFacts;
  }

  /** All resources, or those with these audiences. */
  resources(
    manager: EntityManager = this.dataSource.manager,
    audiences?: readonly string[],
  ): Promise<Resource[]> {
    return manager.find(Resource, {
      where: audiences && { audience: In([...audiences]) },
      order: { audience: 'ASC' },
    });
  }

  /** The roles with these names. */
  roles(manager: EntityManager, names: readonly string[]): Promise<Role[]> {
    return manager.findBy(Role, { name: In([...names]) });
  }

  /**
   * By audience, with that of auth itself.
   *
   * @throws PageCursorError
   */
  listResources(own: string, query: PageQuery): Promise<Page<Resource>> {
    return readPage<Resource, [string]>(
      {
        name: 'resources',
        position: KeyPosition,
        positionOf: ({ audience }) => [audience],
        read: ([after] = [''], count) => this.dataSource.query(LIST_RESOURCES, [own, after, count]),
      },
      query,
    );
  }

  /**
   * By name.
   *
   * @throws PageCursorError
   */
  listRoles(query: PageQuery): Promise<Page<Role>> {
    return readPage<Role, [string]>(
      {
        name: 'roles',
        position: KeyPosition,
        positionOf: ({ name }) => [name],
        read: ([after] = [''], count) =>
          this.dataSource
            .createQueryBuilder(Role, 'role')
            .where('role.name > :after', { after })
            .orderBy('role.name')
            .limit(count)
            .getMany(),
      },
      query,
    );
  }

  findResource(manager: EntityManager, audience: string): Promise<Resource | null> {
    return manager.findOneBy(Resource, { audience });
  }

  findRole(manager: EntityManager, name: string): Promise<Role | null> {
    return manager.findOneBy(Role, { name });
  }

  async saveResource(manager: EntityManager, { audience, scopes }: Resource): Promise<void> {
    // As text: pg would make a Postgres array of a list.
    const json = JSON.stringify(scopes);
    await manager.query(
      `INSERT INTO resources (audience, scopes) VALUES ($1, $2)
       ON CONFLICT (audience) DO UPDATE SET scopes = excluded.scopes`,
      [audience, json],
    );
  }

  async saveRole(manager: EntityManager, role: Role): Promise<void> {
    await manager.upsert(Role, role, ['name']);
  }

  async deleteResource(manager: EntityManager, audience: string): Promise<void> {
    await manager.delete(Resource, { audience });
  }

  async deleteRole(manager: EntityManager, name: string): Promise<void> {
    await manager.delete(Role, { name });
  }

  /** Takes these scopes from the roles, as far as no resource has them any more. */
  async forgetScopes(manager: EntityManager, scopes: readonly string[]): Promise<void> {
    await manager.query(
      `WITH gone AS (
         SELECT scope FROM unnest($1::text[]) AS scope
         WHERE NOT EXISTS (
           SELECT FROM resources
           WHERE scopes @> jsonb_build_array(jsonb_build_object('name', scope)))
       )
       UPDATE roles SET scopes = ARRAY(
         SELECT scope FROM unnest(scopes) WITH ORDINALITY AS kept (scope, place)
         WHERE scope NOT IN (SELECT scope FROM gone) ORDER BY place)
       WHERE scopes && ARRAY(SELECT scope FROM gone)`,
      [scopes],
    );
  }

  /** Whether the first start, or an upgrade, has already filled the tables. */
  async isFilled(manager: EntityManager): Promise<boolean> {
    return manager.exists(Role);
  }
}
