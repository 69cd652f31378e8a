import 'reflect-metadata';

import { runService } from '@jwt-auth/chassis';

import { createAuthApp } from './app.setup.js';
import { Config } from './config.js';

await runService({
  name: 'auth',
  needs: ['database', 'keys', 'revocation list', 'signing key'],
  readConfig: () => new Config(),
  createApp: (config, logger, server) => createAuthApp(config, logger, { server }),
});
