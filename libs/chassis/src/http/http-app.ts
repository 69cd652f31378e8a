import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { logRequests } from '../logging/request-log.js';
import type { StructuredLogger } from '../logging/structured-logger.js';
import type { TrustProxy } from '../settings/addresses.js';
import { addAnswerHeaders, SECURITY_HEADERS } from './answer-headers.js';
import { readCallerAddresses, trustedPeers } from './caller-address.js';
import { serveDocs, type Documentation } from './docs.js';
import { acceptOnlyJson } from './json-bodies.js';
import { requestIdOf } from './request-id.js';
import { obeyRouteOptions } from './route-options.js';
import { SchemaValidationPipe } from './schema-validation.pipe.js';
import { refuseWhatIsNoText } from './text.js';
import { answerUnparsable, answerUnroutable } from './unrouted.js';

export interface HttpAppOptions {
  readonly logger: StructuredLogger;
  readonly trustProxy: TrustProxy;
  readonly documentation: Documentation;
}

const KIBIBYTE = 1024;

/**
 * An HTTP service of this house, ready to listen: bounded and impatient with slow callers, every
 * answer with `x-request-id` and helmet's headers, JSON bodies of at most 16 KiB validated by the
 * schemas of `@Body({ schema })`, a log line for each request, and `/docs`. `@RouteOptions()` makes
 * exceptions for a route. Its errors become answers
 * where the module has jwt-core's `provideProblems()`.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  { logger, trustProxy, documentation }: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: 16 * KIBIBYTE,
    trustProxy: trustProxy !== false && trustedPeers(trustProxy),
    genReqId: requestIdOf,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnparsable,
    // What arrives before the last connection closes is answered, not sent away.
    return503OnClosing: false,
    // For the arrival of a request, not for its answer: a long poll is not cut.
    requestTimeout: 15_000,
    // Longer than the minute for which balancers keep connections, so that they end them first.
    keepAliveTimeout: 65_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16 * KIBIBYTE,
    },
  });
  const server = adapter.getInstance();
  readCallerAddresses(server, trustProxy);
  addAnswerHeaders(server);
  logRequests(server, logger);
  acceptOnlyJson(server);
  refuseWhatIsNoText(server);
  obeyRouteOptions(server);

  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  app.useSecurityHeaders(SECURITY_HEADERS);
  app.useGlobalPipes(new SchemaValidationPipe());
  serveDocs(app, documentation);
  return app;
}
