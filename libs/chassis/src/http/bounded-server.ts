import type { LoggerService } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

import { LineLimiter } from '../logging/line-limiter.js';
import { answerUnexpected, type ErrorBodyOf, unrouted } from './answers.js';
import { networkOf, parseAddress, type Trusts } from './caller-address.js';

/** The bounds of every connection and request. docs/limits.md says what happens at each of them. */
export const LIMITS = {
  /** To send the headers, and to send the whole request. */
  headersMs: 10_000,
  requestMs: 15_000,
  /** Longer than a long poll waits (25 s) and a login queues. */
  idleMs: 40_000,
  /** For the client to read an answer that is ready. 1 MB in this time is 9 kB/s. */
  answerMs: 120_000,
  /** Longer than the minute of most load balancers, so that they close the connection first. */
  keepAliveMs: 65_000,
  /** Pipelined requests that wait on a connection. One is served at a time. */
  waitingRequests: 16,
  connectionsPerAddress: 1_000,
  headerBytes: 16 * 1024,
  headerCount: 100,
  bodyBytes: 16 * 1024,
} as const;

type Limits = { readonly [Name in keyof typeof LIMITS]: number };

export interface BoundedServerOptions {
  readonly logger: LoggerService;
  /**
   * A trusted proxy may open any number of connections, because it forwards for many callers. With a
   * number of hops that is every peer: the service must then be reached through its proxies alone.
   */
  readonly trusts: Trusts;
  readonly limits?: Limits;
}

/** An HTTP server with limits for every connection, request and answer. */
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
      // `refuseAmbiguousRequests` refuses it with an answer in the form of all others.
      requireHostHeader: false,
    },
    serveInTurn(handle, limits),
  );
  server.on('checkExpectation', answerUnexpected);
  server.setTimeout(limits.idleMs);
  // Node would drop headers beyond a maximum without an error. All are read, and too many are refused.
  server.maxHeadersCount = 0;
  boundConnections(server, trusts, limits, logger);
  return server;
}

/**
 * Serves the requests of a connection one after another. Pipelined requests wait, and are dropped
 * when their connection closes.
 */
function serveInTurn(handle: RequestListener, limits: Limits): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    response.once('prefinish', () => cutSlowReader(socket, response, limits));
    // Node assigns the socket to an answer when all earlier answers of the connection are sent.
    if (response.socket) return handle(request, response);
    const count = (waiting.get(socket) ?? 0) + 1;
    // A reset frees what the system has buffered for a client that does not read.
    if (count > limits.waitingRequests) return void socket.resetAndDestroy();
    waiting.set(socket, count);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 0) - 1);
      handle(request, response);
    });
  };
}

/** Called when an answer is complete, to bound the time in which the client reads it. */
function cutSlowReader(socket: Socket, response: ServerResponse, limits: Limits): void {
  if (socket.writableLength === 0) return;
  const timer = setTimeout(() => socket.resetAndDestroy(), limits.answerMs).unref();
  response.once('close', () => clearTimeout(timer));
}

function boundConnections(
  server: Server,
  trusts: Trusts,
  limits: Limits,
  logger: LoggerService,
): void {
  const counts = new Map<string, number>();
  const warnings = new LineLimiter(60_000);

  server.on('connection', (socket) => {
    // Read now: the address is not available after a reset, unless it was read before.
    const address = parseAddress(socket.remoteAddress);
    if (trusts(address, 0)) return;
    const network = networkOf(address);
    const count = (counts.get(network) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      socket.destroy();
      const suppressed = warnings.admit('refused');
      if (suppressed === undefined) return;
      const fields = { address: network, suppressed };
      logger.warn('Refusing connections of an address that has too many', fields);
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

/** Refuses requests that a proxy may read in another way. */
export function refuseAmbiguousRequests(server: FastifyInstance, errorBodyOf: ErrorBodyOf): void {
  server.addHook('onRequest', (request, reply, done) => {
    const status = ambiguityOf(request.raw);
    if (status === undefined) return done();
    const { body, headers } = unrouted(status, request.id, errorBodyOf(request.url));
    void reply.code(status).headers(headers).send(body);
  });
}

/** The status for a request that servers may read in different ways; `undefined` for any other. */
function ambiguityOf({
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

/**
 * Aborts when the connection has ended, so that nothing waits for it. A pipelined answer whose turn
 * has not come learns that from the socket alone.
 */
export function connectionEnd(
  { raw: { socket } }: FastifyRequest,
  { raw }: FastifyReply,
): AbortSignal {
  const ended = new AbortController();
  const abort = (): void => ended.abort();
  socket.once('close', abort);
  raw.once('close', () => {
    socket.off('close', abort);
    abort();
  });
  if (socket.destroyed) abort();
  return ended.signal;
}
