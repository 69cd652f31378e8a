import { openDatabase, type OpenOptions } from '@jwt-auth/chassis';
import type { DataSource } from 'typeorm';

import type { DatabaseConfig } from '../config.js';
import { ordersDatabase } from './orders-database.js';

/** Opens the database as the settings say: migrates it, or waits until that is done. */
export function openOrdersDatabase(
  { databaseUrl, databaseLimits, migrations, databaseAppRole: role }: DatabaseConfig,
  options: OpenOptions = {},
): Promise<DataSource> {
  return openDatabase(ordersDatabase(databaseUrl, databaseLimits), {
    migrations,
    appRole: role === undefined ? undefined : { role, tables: { migrations: 'SELECT' } },
    ...options,
  });
}
