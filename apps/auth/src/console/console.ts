import { problemDocument } from '@jwt-auth/jwt-core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';

import { ConsoleFiles } from './console-files.js';

export interface ConsoleOptions {
  /** The folder with the built page: `index.html` and `assets/`. */
  readonly directory: URL;
  /** The path below which callers find the routes; empty for the root. */
  readonly basePath: string;
}

/** Everything comes from here: no inline code, no other origin, in no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // The QR code of an authenticator app is in the answer that has its key.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * Serves the console at `GET /console` and below. The page itself decides what is at a path, so each
 * path but those of `assets/` answers with it. Files are read when they are first requested.
 */
export function serveConsole(
  app: NestFastifyApplication,
  { directory, basePath }: ConsoleOptions,
): void {
  const server = app.getHttpAdapter().getInstance();
  const files = new ConsoleFiles(directory);

  server.get<{ Params: { name: string } }>('/console/assets/:name', (request, reply) => {
    const file = files.asset(request.params.name);
    if (!file) return notFound(reply);
    return (
      reply
        .type(file.type)
        // The name holds a hash of the content.
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(file.content)
    );
  });
  const page = (_request: unknown, reply: FastifyReply) => {
    const html = files.page(basePath);
    if (html === undefined) return notFound(reply);
    return reply
      .type('text/html; charset=utf-8')
      .headers({
        'cache-control': 'no-cache',
        'content-security-policy': CONTENT_SECURITY_POLICY,
      })
      .send(html);
  };
  server.get('/console', page);
  server.get('/console/*', page);
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply
    .status(404)
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument({ status: 404, code: 'not_found' })));
}
