import {
  databaseOptions,
  openDatabase,
  type DatabaseLimits,
  type DatabaseOptions,
  type OpenOptions,
} from '@jwt-auth/chassis';
import type { DataSource } from 'typeorm';

import type { DatabaseConfig } from '../config.js';
import { IdempotencyKey } from '../orders/idempotency-key.entity.js';
import { Order } from '../orders/order.entity.js';
import { CreateOrders1763900000001 } from './migrations/1763900000001-create-orders.js';
import { CreateIdempotencyKeys1763900000002 } from './migrations/1763900000002-create-idempotency-keys.js';

/** The database of the orders app: the one set of options. */
export function ordersDatabase(url: string, limits?: Partial<DatabaseLimits>): DatabaseOptions {
  return databaseOptions({
    url,
    limits,
    applicationName: 'orders',
    entities: [Order, IdempotencyKey],
    migrations: [CreateOrders1763900000001, CreateIdempotencyKeys1763900000002],
  });
}

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
