import { createHttpApp, type StructuredLogger } from '@jwt-auth/chassis';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { acceptOAuthForms } from './oauth/forms.js';

/** The auth app, ready to listen: its database open and migrated, its keys at hand. */
export async function createAuthApp(
  config: Config,
  logger: StructuredLogger,
  clock?: Clock,
): Promise<NestFastifyApplication> {
  const app = await createHttpApp(AppModule.with(config, clock), {
    logger,
    trustProxy: config.trustProxy,
    documentation: {
      title: 'auth',
      description: 'The issuer: people, sessions, signing keys and revocations.',
    },
  });
  acceptOAuthForms(app);
  return app;
}
