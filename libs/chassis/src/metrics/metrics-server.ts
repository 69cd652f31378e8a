import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Registry } from 'prom-client';

import type { ListenAddress } from '../settings/addresses.js';

/** Answers `GET /metrics` in the text format of Prometheus, and everything else with 404. */
export class MetricsServer {
  private readonly server: Server;

  constructor(
    private readonly registry: Registry,
    private readonly address: ListenAddress,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @throws Error with a `code` of the system, as `EADDRINUSE` */
  async listen(): Promise<ListenAddress> {
    this.server.listen(this.address);
    await once(this.server, 'listening');
    const { address: host, port } = this.server.address() as AddressInfo;
    return { host, port };
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    // Scrapers may add a query, which is ignored.
    if (url.split('?', 1)[0] !== '/metrics') return response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') {
      return response.writeHead(405, { allow: 'GET, HEAD' }).end();
    }
    try {
      const body = await this.registry.metrics();
      const headers = { 'content-type': this.registry.contentType, 'cache-control': 'no-store' };
      return response.writeHead(200, headers).end(body);
    } catch {
      // A scraper would take a part of the metrics for all of them.
      return response.writeHead(500).end();
    }
  }
}
