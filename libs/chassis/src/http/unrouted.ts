import type { Socket } from 'node:net';
import type { FastifyError } from 'fastify';

import { requestIdOf } from './request-id.js';

// Requests that die before any route, hook or filter of the app sees them: these few answers are
// made here, in the form and with the headers of all others.

const UNROUTED = {
  400: ['Bad Request', 'invalid_input'],
  404: ['Not Found', 'not_found'],
  408: ['Request Timeout', 'request_timeout'],
  431: ['Request Header Fields Too Large', 'headers_too_large'],
} as const;
type UnroutedStatus = keyof typeof UNROUTED;

/** The answer to a request that no route may see. */
export function unrouted(status: UnroutedStatus, requestId: string) {
  const [title, code] = UNROUTED[status];
  const body = JSON.stringify({ type: 'about:blank', title, status, code });
  return {
    body,
    headers: {
      'cache-control': 'no-store',
      'content-length': String(body.length),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    },
  };
}

interface RawReply {
  readonly raw: {
    writeHead(status: number, headers: Record<string, string>): unknown;
    end(body: string): unknown;
  };
}

/** Answers for the router: a path that is not one, or a segment longer than any id of ours. */
export function answerUnroutable(
  error: FastifyError,
  request: { readonly id: string },
  { raw }: RawReply,
): void {
  const status = error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? 404 : 400;
  const { body, headers } = unrouted(status, request.id);
  raw.writeHead(status, headers);
  raw.end(body);
}

const STATUS_OF_PARSE_ERROR: Readonly<Record<string, UnroutedStatus>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers for the HTTP parser: bytes that are no request, too many of them, or too slow ones. */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_PARSE_ERROR[error.code ?? ''] ?? 400;
  const { body, headers } = unrouted(status, requestIdOf({ headers: {} }));
  const lines = Object.entries({ ...headers, connection: 'close' });
  socket.end(
    `HTTP/1.1 ${status} ${UNROUTED[status][0]}\r\n` +
      `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    () => socket.destroy(),
  );
}

/** A second answer in the midst of a first would be read as part of it. */
function hasBegunAnswer(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent: boolean } };
  return answer?.headersSent === true;
}
