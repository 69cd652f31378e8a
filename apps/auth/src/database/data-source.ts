import { DataSource } from 'typeorm';

import { Config } from '../config.js';
import { authDatabase } from './auth-database.js';

/** For TypeORM's CLI: `npx typeorm migration:show -d apps/auth/dist/database/data-source.js`. */
export default new DataSource(authDatabase(new Config().databaseUrl));
