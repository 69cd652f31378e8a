import type { LoggerService } from '@nestjs/common';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

import { DatabaseError } from '../errors/database-outage.js';

/** The role of the processes that serve, where another one owns the tables and migrates. */
export interface AppRole {
  readonly role: string;
  /** What the role may do with a table, as `SELECT, INSERT`. With all others: read and write. */
  readonly tables: Readonly<Record<string, string>>;
}

const READ_AND_WRITE = 'SELECT, INSERT, UPDATE, DELETE';

interface Found {
  readonly isOurs: boolean;
  readonly isUnbound: boolean;
  readonly schema: string;
  readonly database: string;
  readonly ownsSchema: boolean;
  readonly ownsDatabase: boolean;
}

const FIND = `
  SELECT rolname = current_user AS "isOurs",
    rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') AS "isUnbound",
    nspname AS schema, datname AS database,
    pg_has_role(nspowner, 'USAGE') AS "ownsSchema", pg_has_role(datdba, 'USAGE') AS "ownsDatabase"
  FROM pg_roles, pg_namespace, pg_database
  WHERE rolname = $1 AND nspname = current_schema() AND datname = current_database()`;

const OWN_RELATIONS = `
  SELECT relname AS name, relkind = 'S' AS "isSequence" FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S')
    AND pg_has_role(relowner, 'USAGE')`;

/**
 * Lets the role of the app read and write the tables of the role that migrates, and nothing else: not
 * change or empty a table, switch off a trigger or make one. Nobody else may connect to the database
 * any more. What the role could do before does not count.
 *
 * Without effect if the app's role is the one that migrates.
 *
 * @throws DatabaseError `role_missing`
 */
export async function grantToApp(
  dataSource: DataSource,
  { role, tables }: AppRole,
  logger: LoggerService,
): Promise<void> {
  const [found] = await dataSource.query<Found[]>(FIND, [role]);
  const quoted = pg.escapeIdentifier(role);
  if (!found) {
    const message = `There is no role ${quoted}. An administrator can run: CREATE ROLE ${quoted} LOGIN PASSWORD …`;
    throw new DatabaseError('role_missing', message);
  }
  if (found.isOurs) return;
  if (found.isUnbound) {
    logger.warn(
      `The role ${quoted} is a superuser or a member of the owner: grants do not bind it`,
    );
  }
  await dataSource.transaction(async (manager) => {
    await grantTables(manager, quoted, found.schema, tables);
    await closeToOthers(manager, quoted, found, logger);
  });
}

async function grantTables(
  manager: EntityManager,
  role: string,
  schemaName: string,
  tables: AppRole['tables'],
): Promise<void> {
  const schema = pg.escapeIdentifier(schemaName);
  await manager.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  const relations = await manager.query<{ name: string; isSequence: boolean }[]>(OWN_RELATIONS);
  for (const { name, isSequence } of relations) {
    const relation = `${schema}.${pg.escapeIdentifier(name)}`;
    const rights = isSequence ? 'USAGE' : (tables[name] ?? READ_AND_WRITE);
    const kind = isSequence ? 'SEQUENCE' : 'TABLE';
    await manager.query(`REVOKE ALL ON ${kind} ${relation} FROM ${role}`);
    await manager.query(`GRANT ${rights} ON ${kind} ${relation} TO ${role}`);
  }
}

async function closeToOthers(
  manager: EntityManager,
  role: string,
  { schema, database, ownsSchema, ownsDatabase }: Found,
  logger: LoggerService,
): Promise<void> {
  const [schemaName, name] = [schema, database].map((each) => pg.escapeIdentifier(each));
  if (ownsDatabase) {
    await manager.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    await manager.query(`GRANT CONNECT ON DATABASE ${name} TO ${role}`);
  } else {
    logger.warn(
      `Any role may connect to this database. Its owner can run: REVOKE ALL ON DATABASE ${name} FROM PUBLIC; ` +
        `GRANT CONNECT ON DATABASE ${name} TO ${role}`,
    );
  }
  // Only Postgres 14 lets everybody make tables there.
  if (ownsSchema) await manager.query(`REVOKE CREATE ON SCHEMA ${schemaName} FROM PUBLIC, ${role}`);
}
