import type { ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from './bearer-token.js';

/**
 * The request that a guard is to judge.
 *
 * @throws Error for a message, a socket or a GraphQL call: they carry credentials elsewhere, and a
 * guard that meets what it does not know denies.
 */
export function httpRequestOf(context: ExecutionContext): HttpRequest {
  const type = context.getType<string>();
  if (type !== 'http') {
    throw new Error(`Only HTTP requests can be let in by a bearer token, not a call over ${type}.`);
  }
  // Not switchToHttp(): it makes three closures, for each request and each guard.
  return context.getArgByIndex<HttpRequest>(0);
}
