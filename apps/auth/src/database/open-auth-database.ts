import { openDatabase, type OpenOptions } from '@jwt-auth/chassis';
import type { DataSource } from 'typeorm';

import type { Config } from '../config.js';
import { authDatabase } from './auth-database.js';

/** With these tables the role of the app may do less than read and write. */
const TABLES = {
  migrations: 'SELECT',
  // Only old ones can be removed: a trigger sees to it.
  audit_events: 'SELECT, INSERT, DELETE',
  audit_retention: 'SELECT',
};

/** Opens the database as the settings say: migrates it, or waits until that is done. */
export function openAuthDatabase(
  { databaseUrl, databaseLimits, migrations, databaseAppRole }: Config,
  options: OpenOptions = {},
): Promise<DataSource> {
  return openDatabase(authDatabase(databaseUrl, databaseLimits), {
    migrations,
    appRole: databaseAppRole === undefined ? undefined : { role: databaseAppRole, tables: TABLES },
    ...options,
  });
}
