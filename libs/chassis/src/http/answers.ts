import { problemDocument } from '@jwt-auth/jwt-core';
import type { SecurityHeadersOptions } from '@nestjs/common';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { CorsOptions } from '../settings/service-settings.js';
import { corsHeaders } from './cors.js';

/**
 * The id of a request: its `x-request-id` if that is safe in a log and a header (at most 64 of
 * `A-Z a-z 0-9 . _ -`), else a new one.
 */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Helmet's headers, as strict as the page at /docs allows. */
export const SECURITY_HEADERS: SecurityHeadersOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: "'none'",
      scriptSrc: "'self'",
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: "'self'",
      baseUri: "'none'",
      formAction: "'none'",
      frameAncestors: "'none'",
    },
  },
  xFrameOptions: { action: 'deny' },
};

/** The type of problem documents (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json';

/**
 * Adds headers to every answer, also to errors and unknown routes.
 *
 * @param isStopping whether connections are to end: one that is kept alive would keep the process alive
 */
export function addAnswerHeaders(server: FastifyInstance, isStopping: () => boolean): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    // Fastify adds a charset, which RFC 9457 does not define for this type.
    if (String(reply.getHeader('content-type')).startsWith(PROBLEM_JSON)) {
      reply.header('content-type', PROBLEM_JSON);
    }
    if (isStopping()) reply.header('connection', 'close');
    done(null, payload);
  });
}

// Some requests are refused before any route, hook or filter sees them. Their answers are made here,
// in the form and with the headers of all others.

const UNROUTED = {
  400: 'invalid_input',
  404: 'not_found',
  408: 'request_timeout',
  417: 'expectation_failed',
  431: 'headers_too_large',
} as const;
type UnroutedStatus = keyof typeof UNROUTED;

/**
 * The body of an error below some paths, where it is not a problem document. `undefined` for all other
 * paths, and for the HTTP parser, which knows no path.
 */
export type ErrorBodyOf = (path: string) => object | undefined;

/** The answer to a request that reaches no route. */
export function unrouted(status: UnroutedStatus, requestId: string, errorBody?: object) {
  if (errorBody) return bareAnswer(errorBody, 'application/json; charset=utf-8', requestId);
  return bareAnswer(problemDocument({ status, code: UNROUTED[status] }), PROBLEM_JSON, requestId);
}

/** An answer that no route, hook or filter sees, with the headers of all others. */
export function bareAnswer(content: object, contentType: string, requestId: string) {
  const body = JSON.stringify(content);
  return {
    body,
    headers: {
      'cache-control': 'no-store',
      'content-length': String(Buffer.byteLength(body)),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': contentType,
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    },
  };
}

type UnroutedRequest = Pick<FastifyRequest, 'id' | 'headers' | 'url'>;

interface RawReply {
  readonly raw: {
    writeHead(status: number, headers: Record<string, string>): unknown;
    end(body: string): unknown;
  };
}

/** Answers for the router: an invalid path, or a segment that is longer than any id. */
export function answerUnroutable(cors: CorsOptions, errorBodyOf: ErrorBodyOf) {
  return (error: FastifyError, { id, headers, url }: UnroutedRequest, { raw }: RawReply): void => {
    const status = error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? 404 : 400;
    const answer = unrouted(status, id, errorBodyOf(url));
    raw.writeHead(status, { ...answer.headers, ...corsHeaders(headers, cors) });
    raw.end(answer.body);
  };
}

/** Answers a request that expects anything but `100-continue` (RFC 9110 section 10.1.1). */
export function answerUnexpected(
  { headers: sent }: IncomingMessage,
  response: ServerResponse,
): void {
  const { body, headers } = unrouted(417, requestIdOf({ headers: sent }));
  response.writeHead(417, { ...headers, connection: 'close' }).end(body);
}

const STATUS_OF_PARSE_ERROR: Readonly<Record<string, UnroutedStatus>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers for the HTTP parser: requests that are invalid, too large or too slow. */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_PARSE_ERROR[error.code ?? ''] ?? 400;
  const { body, headers } = unrouted(status, requestIdOf({ headers: {} }));
  const lines = Object.entries({ ...headers, connection: 'close' });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
      `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    () => socket.destroy(),
  );
}

/** The client would read a second answer as a part of the first. */
function hasBegunAnswer(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent: boolean } };
  return answer?.headersSent === true;
}
