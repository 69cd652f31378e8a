import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { RequestListener } from 'node:http';

import { logRequests } from '../logging/request-log.js';
import type { StructuredLogger } from '../logging/structured-logger.js';
import type { TrustProxy } from '../settings/addresses.js';
import { addAnswerHeaders, SECURITY_HEADERS } from './answer-headers.js';
import { ambiguityOf, createBoundedServer } from './bounded-server.js';
import { readCallerAddresses, trustedPeers, warnOfUntrustedProxy } from './caller-address.js';
import { serveDocs, type Documentation } from './docs.js';
import { acceptOnlyJson, refuseEncodedBodies } from './json-bodies.js';
import { LIMITS } from './limits.js';
import { requestIdOf } from './request-id.js';
import { obeyRouteOptions } from './route-options.js';
import { SchemaValidationPipe } from './schema-validation.pipe.js';
import { refuseWhatIsNoText } from './text.js';
import { answerUnparsable, answerUnroutable, unrouted } from './unrouted.js';

export interface HttpAppOptions {
  readonly logger: StructuredLogger;
  readonly trustProxy: TrustProxy;
  /** `undefined`: there is no `/docs`. */
  readonly documentation: Documentation | undefined;
  /** The path below which the routes are found, as `/tenant`. They are found at the root, too. */
  readonly basePath?: string;
}

/**
 * An HTTP service of this house, ready to listen: bounded and impatient with slow callers, every
 * answer with `x-request-id` and helmet's headers, JSON bodies of at most 16 KiB validated by the
 * schemas of `@Body({ schema })`, a log line for each request, and `/docs`. `@RouteOptions()` makes
 * exceptions for a route. Its errors become answers
 * where the module has jwt-core's `provideProblems()`.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  { logger, trustProxy, documentation, basePath = '' }: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const trusts = trustedPeers(trustProxy);
  const adapter = new FastifyAdapter({
    serverFactory: (handle: RequestListener) => createBoundedServer(handle, { logger, trusts }),
    ...(basePath !== '' && { rewriteUrl: ({ url = '/' }) => withoutBasePath(url, basePath) }),
    bodyLimit: LIMITS.bodyBytes,
    trustProxy: trustProxy !== false && trusts,
    genReqId: requestIdOf,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnparsable,
    // What arrives before the last connection closes is answered, not sent away.
    return503OnClosing: false,
  });
  const server = adapter.getInstance();
  readCallerAddresses(server, trusts);
  if (trustProxy === false) warnOfUntrustedProxy(server, logger);
  addAnswerHeaders(server);
  logRequests(server, logger);
  refuseAmbiguousRequests(server);
  refuseEncodedBodies(server);
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
  if (documentation) serveDocs(app, documentation, basePath);
  return app;
}

const METADATA = '/.well-known/oauth-authorization-server';

/** The path that the router knows, of one at the root or below the base path. */
function withoutBasePath(url: string, basePath: string): string {
  // RFC 8414 section 3.1 puts the issuer's path behind the well-known one.
  if (url.startsWith(METADATA + basePath))
    return METADATA + url.slice((METADATA + basePath).length);
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : url;
}

/** Refuses requests that a proxy may have read in another way. */
function refuseAmbiguousRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const status = ambiguityOf(request.raw);
    if (status === undefined) return done();
    const { body, headers } = unrouted(status, request.id);
    void reply.code(status).headers(headers).send(body);
  });
}
