import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RequestListener } from 'node:http';

import type { ServiceServer } from './service-server.js';
import { logRequests } from './request-log.js';
import type { StructuredLogger } from '../logging/structured-logger.js';
import { currentTracer } from '../tracing/spans.js';
import { enterContexts } from '../context/request-context.js';
import { traceRequests } from './request-spans.js';
import { passOnTraces } from '../tracing/call-spans.js';
import type { TrustProxy } from '../settings/addresses.js';
import type { CorsOptions } from '../settings/service-settings.js';
import {
  addAnswerHeaders,
  answerUnparsable,
  answerUnroutable,
  type ErrorBodyOf,
  requestIdOf,
  SECURITY_HEADERS,
} from './answers.js';
import { createBoundedServer, LIMITS, refuseAmbiguousRequests } from './bounded-server.js';
import { readCallerAddresses, trustedPeers, warnOfUntrustedProxy } from './caller-address.js';
import { allowPages, NO_CORS } from './cors.js';
import { serveDocs, type Documentation } from './docs.js';
import { acceptOnlyJson, refuseEncodedBodies, SchemaValidationPipe } from './request-bodies.js';
import { obeyRouteOptions } from './route-options.js';
import { refuseWhatIsNoText } from './text.js';

export interface HttpAppOptions {
  readonly logger: StructuredLogger;
  readonly trustProxy: TrustProxy;
  /** `undefined`: there is no `/docs`. */
  readonly documentation: Documentation | undefined;
  /** Default: pages of other origins can read nothing. */
  readonly cors?: CorsOptions;
  /** The path below which the routes are served, such as `/tenant`. Also at the root, but for routes that begin with it. */
  readonly basePath?: string | undefined;
  /** Of requests that reach no route, below paths where errors are not problem documents. */
  readonly errorBodyOf?: ErrorBodyOf;
  /** A server that listens already. Default: one of the app's own, for `app.listen`. */
  readonly server?: ServiceServer | undefined;
}

const MAX_PARAMETER_LENGTH = 3_100;

/**
 * Creates an HTTP service that is ready to listen. It bounds connections and requests, adds
 * `x-request-id` and helmet's headers to each answer, validates JSON bodies of at most 16 KiB by the
 * schemas of `@Body({ schema })`, logs a line for each request, and serves `/docs`.
 *
 * `@RouteOptions()` makes exceptions for a route. The module needs jwt-core's `provideProblems()`,
 * which turns errors into answers.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  {
    logger,
    trustProxy,
    documentation,
    cors = NO_CORS,
    basePath = '',
    errorBodyOf = () => undefined,
    server: given,
  }: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const trusts = trustedPeers(trustProxy);
  passOnTraces();
  const adapter = new FastifyAdapter({
    serverFactory: (handle: RequestListener) =>
      given?.serveLater(handle) ?? createBoundedServer(handle, { logger, trusts }),
    ...(basePath !== '' && { rewriteUrl: ({ url = '/' }) => withoutBasePath(url, basePath) }),
    bodyLimit: LIMITS.bodyBytes,
    // An audience of 255 characters in a path, percent-encoded: Fastify's own limit is 100.
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    trustProxy: trustProxy !== false && trusts,
    genReqId: requestIdOf,
    frameworkErrors: answerUnroutable(cors, errorBodyOf),
    clientErrorHandler: answerUnparsable,
    // A request that arrives before the last connection closes is served.
    return503OnClosing: false,
  });
  const server = adapter.getInstance();
  readCallerAddresses(server, trusts);
  logRequests(server, logger);
  await allowPages(server, cors);
  if (trustProxy === false) warnOfUntrustedProxy(server, logger);
  addAnswerHeaders(server, () => given?.isStopping ?? !server.server.listening);
  const tracer = currentTracer();
  if (tracer) traceRequests(server, tracer);
  enterContexts(server);
  refuseAmbiguousRequests(server, errorBodyOf);
  refuseEncodedBodies(server);
  acceptOnlyJson(server);
  refuseWhatIsNoText(server);
  obeyRouteOptions(server);

  // Fastify closes a server that it did not open itself only if it is asked to.
  if (given) server.addHook('preClose', () => given.close());

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

/** The path as the router knows it: without the base path. */
function withoutBasePath(url: string, basePath: string): string {
  // RFC 8414 section 3.1 puts the issuer's path behind the well-known one.
  if (url.startsWith(METADATA + basePath))
    return METADATA + url.slice((METADATA + basePath).length);
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : url;
}
