import { databaseOptions, type DatabaseLimits, type DatabaseOptions } from '@jwt-auth/chassis';

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
