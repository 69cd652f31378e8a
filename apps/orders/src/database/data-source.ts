import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { ordersDatabase } from './orders-database.js';

/**
 * For TypeORM's CLI, after a build:
 * `npx typeorm migration:show -d apps/orders/compiled/database/data-source.js`.
 */
export default new DataSource(ordersDatabase(new Config().databaseUrl));
