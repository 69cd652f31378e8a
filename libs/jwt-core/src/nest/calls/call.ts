import type { ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../credentials.js';
import { graphqlCarrierOf, graphqlRequestOf } from './graphql-call.js';
import { messageRequestOf } from './message-call.js';
import { socketRequestOf } from './socket-call.js';

/**
 * What carries the principal of a call: the request of an HTTP or GraphQL call, the socket of a
 * WebSocket message, the context of a message from a broker.
 *
 * @throws Error for any other kind of call. A guard denies what it does not know.
 */
export function carrierOf(context: ExecutionContext): object {
  const type = context.getType<string>();
  // Not switchToHttp(): it makes three closures, for each request and each guard.
  if (type === 'http' || type === 'ws') return context.getArgByIndex<object>(0);
  const carrier =
    type === 'graphql'
      ? graphqlCarrierOf(context.getArgByIndex<object>(2))
      : type === 'rpc'
        ? context.getArgByIndex<unknown>(1)
        : undefined;
  if (typeof carrier === 'object' && carrier !== null) return carrier;
  throw new Error(`JwtGuard does not support calls over ${type}.`);
}

/** The request that has the token of a call, or headers that stand for one. */
export function requestOf(context: ExecutionContext, carrier: object): HttpRequest {
  switch (context.getType<string>()) {
    case 'http':
      return carrier as HttpRequest;
    case 'graphql':
      return graphqlRequestOf(context.getArgByIndex<object>(2), carrier);
    case 'ws':
      return socketRequestOf(carrier);
    default:
      return messageRequestOf(carrier);
  }
}
