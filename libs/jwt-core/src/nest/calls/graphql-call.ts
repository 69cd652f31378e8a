import type { NodeRequest } from '../../http/bearer-token.js';
import type { HttpRequest } from '../credentials.js';
import { authorizationIn, withCredentials } from './headers.js';

/** The context of an operation: of Apollo or Mercurius, over HTTP or over a socket. */
interface GraphqlContext {
  readonly req?: object;
  readonly request?: object;
  readonly reply?: { readonly request?: object };
  /** The payload with which a client of Mercurius opened its socket. */
  readonly _connectionInit?: unknown;
}

/** What graphql-ws knows of a socket. Apollo's driver gives it as `req`. */
interface GraphqlSocket {
  readonly connectionParams?: unknown;
  readonly extra?: { readonly request?: NodeRequest };
}

/** The request of a GraphQL operation, or its socket. `undefined` if the context has neither. */
export function graphqlCarrierOf(context: GraphqlContext | undefined): object | undefined {
  const request = context?.req ?? context?.request ?? context?.reply?.request;
  if (request) return request;
  return context && 'connectionParams' in context ? context : undefined;
}

/**
 * The request with the token of a GraphQL operation. Over a socket the parameters of the connection
 * come first: browsers cannot set headers there.
 */
export function graphqlRequestOf(context: GraphqlContext, carrier: object): HttpRequest {
  const { connectionParams, extra } = carrier as GraphqlSocket;
  const parameters = connectionParams ?? context._connectionInit;
  const request = (extra?.request ?? carrier) as Partial<NodeRequest>;
  const authorization =
    authorizationIn(parameters) ?? authorizationIn((parameters as { headers?: unknown })?.headers);
  if (authorization !== undefined) return withCredentials(authorization, request.headers);
  if ('raw' in request || request.rawHeaders) return request as HttpRequest;
  return { headers: request.headers ?? {}, rawHeaders: [] };
}
