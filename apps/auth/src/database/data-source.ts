import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { authDatabase } from './auth-database.js';

/**
 * For TypeORM's CLI, after a build:
 * `npx typeorm migration:show -d apps/auth/compiled/database/data-source.js`.
 */
export default new DataSource(authDatabase(new Config().databaseUrl));
