import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { problemDocument } from '@jwt-auth/jwt-core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';

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

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

/**
 * Serves the console at `GET /console` and below. The page itself decides what is at a path, so each
 * path but those of `assets/` answers with it. Nothing is there if the console was not built.
 */
export function serveConsole(
  app: NestFastifyApplication,
  { directory, basePath }: ConsoleOptions,
): void {
  const isBuilt = existsSync(new URL('index.html', directory));
  const html = isBuilt ? readPage(directory, basePath) : undefined;
  const assets = isBuilt ? readAssets(new URL('assets/', directory)) : new Map<string, Asset>();
  const server = app.getHttpAdapter().getInstance();

  server.get<{ Params: { name: string } }>('/console/assets/:name', (request, reply) => {
    const asset = assets.get(request.params.name);
    if (!asset) return notFound(reply);
    return (
      reply
        .type(asset.type)
        // The name holds a hash of the content.
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(asset.content)
    );
  });
  const page = (_request: unknown, reply: FastifyReply) => {
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

/** The page is served at any depth, so its links cannot be relative. */
function readPage(directory: URL, basePath: string): string {
  const html = readFileSync(new URL('index.html', directory), 'utf8');
  return html.replaceAll('="./assets/', () => `="${basePath}/console/assets/`);
}

/** The files of a folder by their exact names, so that no path leads elsewhere. */
function readAssets(folder: URL): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type) assets.set(name, { type, content: readFileSync(new URL(name, folder)) });
  }
  return assets;
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply
    .status(404)
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument({ status: 404, code: 'not_found' })));
}
