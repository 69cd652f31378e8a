import 'reflect-metadata';

import { runService } from '@jwt-auth/chassis';

import { createOrdersApp } from './app.setup.js';
import { Config } from './config.js';

await runService({
  name: 'orders',
  needs: ['database', 'keys', 'revocation list'],
  readConfig: () => new Config(),
  createApp: createOrdersApp,
});
