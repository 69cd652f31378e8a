import type { LoggerService } from '@nestjs/common';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

import { networkOf, parseAddress, type Trusts } from './caller-address.js';
import { LIMITS } from './limits.js';

type Limits = { readonly [Name in keyof typeof LIMITS]: number };

export interface BoundedServerOptions {
  readonly logger: LoggerService;
  /** A proxy that is trusted may open any number of connections: it speaks for many callers. */
  readonly trusts: Trusts;
  readonly limits?: Limits;
}

/** An HTTP server that holds no connection, request or answer for longer than its limits say. */
export function createBoundedServer(
  handle: RequestListener,
  { logger, trusts, limits = LIMITS }: BoundedServerOptions,
): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(2_000, limits.headersMs),
      maxHeaderSize: limits.headerBytes,
      // A request without it gets an answer in the form of all others.
      requireHostHeader: false,
    },
    serveInTurn(handle, limits),
  );
  server.setTimeout(limits.idleMs);
  // Node would drop in silence what is beyond: all are read, and too many are refused.
  server.maxHeadersCount = 0;
  boundConnections(server, trusts, limits, logger);
  return server;
}

/**
 * Serves the requests of a connection one after another: pipelined requests take no more room than
 * others, and what waits goes with its connection.
 */
function serveInTurn(handle: RequestListener, limits: Limits): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    response.once('prefinish', () => cutSlowReader(socket, response, limits));
    // Node gives an answer its socket when all before it on the connection are sent.
    if (response.socket) return handle(request, response);
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > limits.waitingRequests) return void socket.destroy();
    waiting.set(socket, count);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 0) - 1);
      handle(request, response);
    });
  };
}

/** Called when the answer is complete: what the system has not taken yet, the client must take. */
function cutSlowReader(socket: Socket, response: ServerResponse, limits: Limits): void {
  if (socket.writableLength === 0) return;
  const timer = setTimeout(() => socket.destroy(), limits.answerMs).unref();
  response.once('close', () => clearTimeout(timer));
}

function boundConnections(
  server: Server,
  trusts: Trusts,
  limits: Limits,
  logger: LoggerService,
): void {
  const counts = new Map<string, number>();
  let warnedAtMs = -Infinity;

  server.on('connection', (socket) => {
    // Node asks the system for a peer's address once, and cannot after a reset: ask now.
    const address = parseAddress(socket.remoteAddress);
    if (trusts(address, 0)) return;
    const network = networkOf(address);
    const count = (counts.get(network) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      socket.destroy();
      if (performance.now() - warnedAtMs < 60_000) return;
      warnedAtMs = performance.now();
      logger.warn('Refusing connections of an address that has too many', { address: network });
      return;
    }
    counts.set(network, count);
    socket.once('close', () => {
      const left = (counts.get(network) ?? 0) - 1;
      if (left > 0) counts.set(network, left);
      else counts.delete(network);
    });
  });
}

/** Why a request is not one that every server on its way reads the same way. `undefined`: it is. */
export function ambiguityOf({
  rawHeaders,
  httpVersion,
}: Pick<IncomingMessage, 'rawHeaders' | 'httpVersion'>): 400 | 431 | undefined {
  if (rawHeaders.length > 2 * LIMITS.headerCount) return 431;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  // RFC 9112 section 3.2.
  return hosts > 1 || (hosts === 0 && httpVersion === '1.1') ? 400 : undefined;
}
