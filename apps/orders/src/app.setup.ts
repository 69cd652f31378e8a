import { createHttpApp, type ServiceServer, type StructuredLogger } from '@jwt-auth/chassis';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Config } from './config.js';

/** The orders app, ready to serve: its database open and migrated. */
export function createOrdersApp(
  config: Config,
  logger: StructuredLogger,
  server?: ServiceServer,
): Promise<NestFastifyApplication> {
  return createHttpApp(AppModule.with(config, server?.progress), {
    logger,
    server,
    trustProxy: config.trustProxy,
    cors: config.cors,
    documentation: config.areDocsServed
      ? {
          title: 'orders',
          description: 'A resource service: it verifies tokens by itself. Money is in minor units.',
        }
      : undefined,
  });
}
