import 'reflect-metadata';

import { runProgram, runService } from '@jwt-auth/chassis';

import { createOrdersApp } from './app.setup.js';
import { Config, databaseConfig } from './config.js';
import { openOrdersDatabase } from './database/orders-database.js';

await runProgram({
  name: 'orders',
  serve: () =>
    runService({
      name: 'orders',
      needs: ['database', 'keys', 'revocation list'],
      readConfig: () => new Config(),
      createApp: createOrdersApp,
    }),
  migrate: (logger) => openOrdersDatabase(databaseConfig(), { logger, migrations: 'run' }),
});
