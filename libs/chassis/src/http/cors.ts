import fastifyCors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import type { CorsOptions } from '../settings/service-settings.js';

/** Pages of other origins can read nothing. */
export const NO_CORS: CorsOptions = { origins: [] };

const EXPOSED_HEADERS = ['x-request-id', 'WWW-Authenticate', 'Retry-After'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Prefer',
  'x-request-id',
];

/** Chromium keeps the answer to a preflight for two hours at most. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of these origins read all answers, also errors and unknown routes, and answers their
 * preflights. Without origins there is no CORS at all.
 *
 * Awaited before any hook is added that refuses requests: what they refuse is for the page to read as well.
 */
export async function allowPages(
  server: FastifyInstance,
  { origins, credentials = false }: CorsOptions,
): Promise<void> {
  if (origins.length === 0) return;
  await server.register(fastifyCors, {
    // Copied: the library takes any array for a list, and adds `Vary: Origin` to every answer then.
    origin: [...origins],
    credentials,
    methods: METHODS,
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // It would refuse an OPTIONS request without an origin as plain text, and not as a problem.
    strictPreflight: false,
  });
}

/** The same for an answer that no hook sees. */
export function corsHeaders(
  { origin }: IncomingMessage['headers'],
  { origins, credentials = false }: CorsOptions,
): Record<string, string> {
  if (origins.length === 0) return {};
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
    ...(credentials && { 'access-control-allow-credentials': 'true' }),
  };
}

/**
 * The headers of the answer to a preflight that no hook sees: without it a page could not read what
 * the request itself is answered. `undefined`: it is no preflight of a page that may call.
 */
export function preflightHeaders(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  cors: CorsOptions,
): Record<string, string> | undefined {
  const isPreflight = method === 'OPTIONS' && 'access-control-request-method' in headers;
  if (!isPreflight || !cors.origins.includes(headers.origin ?? '')) return undefined;
  return {
    ...corsHeaders(headers, cors),
    'access-control-allow-methods': METHODS.join(', '),
    'access-control-allow-headers': REQUEST_HEADERS.join(', '),
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
  };
}
