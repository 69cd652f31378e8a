import { createHttpApp, type ServiceServer, type StructuredLogger } from '@jwt-auth/chassis';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { serveConsole } from './console/console.js';
import { acceptOAuthForms, isOAuthPath } from './oauth/forms.js';
import { refuseCrossSiteRequests } from './sessions/cookie-requests.js';

/** The answer below /oauth/ to what reaches no route there (RFC 6749 section 5.2). */
const UNREADABLE = { error: 'invalid_request', error_description: 'The request cannot be read' };

/** Beside the bundle, where the build puts the console's page. */
const CONSOLE = new URL('console/', import.meta.url);

/** The auth app, ready to serve: its database open and migrated, its keys loaded. */
export async function createAuthApp(
  config: Config,
  logger: StructuredLogger,
  { clock, server }: { readonly clock?: Clock; readonly server?: ServiceServer } = {},
): Promise<NestFastifyApplication> {
  const app = await createHttpApp(AppModule.with(config, clock, server?.progress), {
    logger,
    trustProxy: config.trustProxy,
    cors: config.cors,
    basePath: config.basePath,
    errorBodyOf: (path) => (isOAuthPath(path) ? UNREADABLE : undefined),
    server,
    documentation: config.areDocsServed
      ? { title: 'auth', description: 'The issuer: users, sessions, signing keys and revocations.' }
      : undefined,
  });
  acceptOAuthForms(app);
  refuseCrossSiteRequests(app);
  if (config.isConsoleServed) {
    serveConsole(app, { directory: CONSOLE, basePath: config.basePath });
  }
  return app;
}
