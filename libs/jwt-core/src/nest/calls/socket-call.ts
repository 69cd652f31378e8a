import type { NodeRequest } from '../../http/bearer-token.js';
import { hasBearerToken } from '../../http/bearer-token.js';
import { withCredentials } from './headers.js';

/** A socket of socket.io, which knows its handshake. One of `ws` does not. */
interface SocketIoSocket {
  readonly request?: NodeRequest;
  readonly handshake?: { readonly auth?: { readonly token?: unknown } };
}

/** The requests that opened the sockets of `ws`. */
const upgrades = new WeakMap<object, NodeRequest>();

/** Notes the request that opened a socket, which `ws` reports only to the handler of the connection. */
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
export function socketRequestOf(client: SocketIoSocket): NodeRequest {
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
