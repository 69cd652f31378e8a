import 'reflect-metadata';

import { runProgram, runService } from '@jwt-auth/chassis';

import { createAuthApp } from './app.setup.js';
import { AuditRepository } from './audit/audit.repository.js';
import { openAuthDatabase } from './database/auth-database.js';
import { databaseConfig, readConfig } from './settings.js';

await runProgram({
  name: 'auth',
  serve: () =>
    runService({
      name: 'auth',
      needs: ['database', 'keys', 'revocation list', 'signing key'],
      readConfig: () => readConfig(),
      createApp: (config, logger, server) => createAuthApp(config, logger, { server }),
    }),
  migrate: async (logger) => {
    const config = databaseConfig();
    const dataSource = await openAuthDatabase(config, { logger, migrations: 'run' });
    await new AuditRepository(dataSource).keepFor(config.auditRetentionMs);
    return dataSource;
  },
});
