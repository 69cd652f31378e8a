import 'reflect-metadata';

import { runService } from '@jwt-auth/chassis';

import { createAuthApp } from './app.setup.js';
import { Config } from './config.js';

await runService({
  name: 'auth',
  readConfig: () => new Config(),
  createApp: (config, logger) => createAuthApp(config, logger),
});
