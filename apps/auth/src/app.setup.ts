import { createHttpApp, type StructuredLogger } from '@jwt-auth/chassis';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { acceptOAuthForms } from './oauth/forms.js';

/** The auth app, ready to listen: its database open and migrated, its keys loaded. */
export async function createAuthApp(
  config: Config,
  logger: StructuredLogger,
  clock?: Clock,
): Promise<NestFastifyApplication> {
  const app = await createHttpApp(AppModule.with(config, clock), {
    logger,
    trustProxy: config.trustProxy,
    cors: { origins: config.corsOrigins },
    // Metadata, keys and feed are where the issuer says that they are.
    basePath: new URL(config.issuer).pathname.replace(/\/+$/, ''),
    documentation: config.areDocsServed
      ? { title: 'auth', description: 'The issuer: users, sessions, signing keys and revocations.' }
      : undefined,
  });
  acceptOAuthForms(app);
  return app;
}
