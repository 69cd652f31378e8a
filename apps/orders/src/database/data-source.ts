import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { ordersDatabase } from './orders-database.js';

/** For TypeORM's CLI: `npx typeorm migration:show -d apps/orders/dist/database/data-source.js`. */
export default new DataSource(ordersDatabase(new Config().databaseUrl));
