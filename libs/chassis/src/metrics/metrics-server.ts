import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { LoggerService } from '@nestjs/common';
import type { Registry } from 'prom-client';

import { LineLimiter } from '../logging/line-limiter.js';
import type { ListenAddress } from '../settings/addresses.js';

/** Scrapers come every few seconds. */
const FAILURE_LINE_MS = 60_000;

/**
 * Answers `GET /metrics` in the text format of Prometheus, and everything else with 404. Listens
 * when the promise resolves.
 *
 * @throws Error with a `code` of the system, as `EADDRINUSE`
 */
export async function serveMetrics(
  registry: Registry,
  address: ListenAddress,
  logger: LoggerService,
): Promise<Server> {
  const failures = new LineLimiter(FAILURE_LINE_MS);

  async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    // Scrapers may add a query, which is ignored.
    if (url.split('?', 1)[0] !== '/metrics') return response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') {
      return response.writeHead(405, { allow: 'GET, HEAD' }).end();
    }
    try {
      const body = await registry.metrics();
      const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' };
      return response.writeHead(200, headers).end(body);
    } catch (error) {
      const suppressed = failures.admit(String(error));
      if (suppressed !== undefined) logger.error('Metrics cannot be read', { suppressed }, error);
      // A scraper would take a part of the metrics for all of them.
      return response.writeHead(500).end();
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(address);
  await once(server, 'listening');
  return server;
}
