import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import { hasBearerToken, type NodeRequest } from '../http/bearer-token.js';
import { type HttpRequest, MessageRequest } from './credentials.js';

/**
 * What carries the principal of a call: the request of an HTTP or GraphQL call, the socket of a
 * WebSocket message, the context of a message from a broker.
 *
 * @throws Error for any other kind of call. A guard denies what it does not know.
 */
export function carrierOf(context: ExecutionContext): object {
  const carrier = findCarrier(context);
  if (carrier) return carrier;
  throw new Error(`JwtGuard does not support calls over ${context.getType<string>()}.`);
}

/** The same, but `undefined` for any other kind of call. */
export function findCarrier(context: ExecutionContext): object | undefined {
  const type = context.getType<string>();
  // Not switchToHttp(): it makes three closures, for each request and each guard.
  if (type === 'http' || type === 'ws') return context.getArgByIndex<object>(0);
  const carrier =
    type === 'graphql'
      ? graphqlCarrierOf(context.getArgByIndex<object>(2))
      : type === 'rpc'
        ? context.getArgByIndex<unknown>(1)
        : undefined;
  return typeof carrier === 'object' && carrier !== null ? carrier : undefined;
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

/** The context of a GraphQL operation: of Apollo or Mercurius, over HTTP or over a socket. */
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
function graphqlCarrierOf(context: GraphqlContext | undefined): object | undefined {
  const request = context?.req ?? context?.request ?? context?.reply?.request;
  if (request) return request;
  return context && 'connectionParams' in context ? context : undefined;
}

/**
 * The request with the token of a GraphQL operation. Over a socket the parameters of the connection
 * come first: browsers cannot set headers there.
 */
function graphqlRequestOf(context: GraphqlContext, carrier: object): HttpRequest {
  const { connectionParams, extra } = carrier as GraphqlSocket;
  const parameters = connectionParams ?? context._connectionInit;
  const request = (extra?.request ?? carrier) as Partial<NodeRequest>;
  const authorization =
    authorizationIn(parameters) ?? authorizationIn((parameters as { headers?: unknown })?.headers);
  if (authorization !== undefined) return withCredentials(authorization, request.headers);
  if ('raw' in request || request.rawHeaders) return request as HttpRequest;
  return { headers: request.headers ?? {}, rawHeaders: [] };
}

/** The contexts of Nest's transports, as far as they have metadata. */
interface MessageContext {
  /** TCP */
  getMetadata?(): unknown;
  /** NATS */
  getHeaders?(): unknown;
  /** Kafka, and RabbitMQ under `properties` */
  getMessage?(): { headers?: unknown; properties?: { headers?: unknown } } | undefined;
}

/** Headers of NATS and metadata of gRPC. */
interface Fields {
  get(name: string): unknown;
}

/**
 * The credentials of a message, in its metadata: `authorization`, with the scheme `Bearer` as over
 * HTTP. What the message says is never read: it is logged, stored and forwarded.
 */
export function messageRequestOf(carrier: MessageContext): NodeRequest {
  const message = carrier.getMessage?.();
  const metadata =
    carrier.getMetadata?.() ??
    carrier.getHeaders?.() ??
    message?.headers ??
    message?.properties?.headers ??
    carrier;
  const found = isFields(metadata)
    ? (metadata.get('authorization') ?? metadata.get('Authorization'))
    : authorizationIn(metadata);
  const authorization: unknown = Array.isArray(found) && found.length < 2 ? found[0] : found;
  // NATS gives '' for a header that is not there.
  if (authorization === undefined || authorization === '') return new MessageRequest();
  const text: unknown = Buffer.isBuffer(authorization) ? authorization.toString() : authorization;
  return new MessageRequest(withCredentials(text).headers);
}

function isFields(metadata: unknown): metadata is Fields {
  return typeof (metadata as Partial<Fields> | null | undefined)?.get === 'function';
}

/** A socket of socket.io, which knows its handshake. One of `ws` does not. */
interface HandshakeSocket {
  readonly request?: NodeRequest;
  readonly handshake?: { readonly auth?: { readonly token?: unknown } };
}

/** The requests that opened the sockets of `ws`. */
const upgrades = new WeakMap<object, NodeRequest>();

/**
 * Notes the request that opened a socket, which `ws` reports only to the handler of the connection.
 */
export function rememberUpgrade(client: object, request: unknown): void {
  if (typeof (request as Partial<NodeRequest> | undefined)?.headers === 'object') {
    upgrades.set(client, request as NodeRequest);
  }
}

/**
 * The credentials that a socket was opened with: the header `Authorization`; with socket.io
 * `auth: { token }`; the subprotocols `bearer` and, after it, the token, as browsers cannot set
 * headers.
 */
function socketRequestOf(client: HandshakeSocket): NodeRequest {
  const request = client.request ?? upgrades.get(client) ?? { headers: {}, rawHeaders: [] };
  if (hasBearerToken(request)) return request;
  const { token } = client.handshake?.auth ?? {};
  if (token !== undefined && token !== null && token !== '') {
    const isBare = typeof token === 'string' && !/^bearer /i.test(token);
    return withCredentials(isBare ? `Bearer ${token}` : token, request.headers);
  }
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',');
  const names = protocols.map((name) => name.trim());
  const at = names.findIndex((name) => name.toLowerCase() === 'bearer');
  return at < 0 ? request : withCredentials(`Bearer ${names[at + 1] ?? ''}`, request.headers);
}

/** A request with the headers of another, if there is one, and these credentials. */
function withCredentials(authorization: unknown, headers: IncomingHttpHeaders = {}): NodeRequest {
  // Credentials that are not text are bad ones, and not none.
  const text = typeof authorization === 'string' ? authorization : 'Bearer';
  return { headers: { ...headers, authorization: text }, rawHeaders: [] };
}

/** The member `authorization` of an object, in any case. */
function authorizationIn(members: unknown): unknown {
  if (typeof members !== 'object' || members === null) return undefined;
  const name = Object.keys(members).find((key) => key.toLowerCase() === 'authorization');
  return name === undefined ? undefined : (members as Record<string, unknown>)[name];
}
