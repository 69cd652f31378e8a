import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What services ask of an issuer. */
export type IssuerEndpoint = 'metadata' | 'jwks' | 'feed';

/**
 * How an endpoint fails: `cut`: it closes the connection. `refuse`: status 503. `hang`: it answers
 * nobody until it is repaired. Or in any other way, by a listener of one's own.
 */
export type IssuerFault = 'cut' | 'refuse' | 'hang' | RequestListener;

/** What an endpoint answers with. The signal says that nobody waits any longer. */
export type IssuerAnswer = (query: URLSearchParams, signal: AbortSignal) => unknown;

export const issuerPaths: Readonly<Record<IssuerEndpoint, string>> = {
  metadata: '/.well-known/oauth-authorization-server',
  jwks: '/.well-known/jwks.json',
  feed: '/revocations',
};
const endpoints = Object.keys(issuerPaths) as readonly IssuerEndpoint[];
const cacheControl = { metadata: 'no-cache', jwks: 'public, max-age=300', feed: 'no-store' };

/** The HTTP side of an issuer, on a free port of the loopback interface. */
export class IssuerServer {
  url = '';
  private readonly faults = new Map<IssuerEndpoint, IssuerFault>();
  private readonly counts: Record<IssuerEndpoint, number> = { metadata: 0, jwks: 0, feed: 0 };
  private faultChange = new AbortController();
  private readonly server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const endpoint = endpoints.find((name) => issuerPaths[name] === pathname);
    if (endpoint === undefined || request.method !== 'GET') response.writeHead(404).end();
    else void this.serve(endpoint, searchParams, request, response);
  });

  private constructor(private readonly answers: Readonly<Record<IssuerEndpoint, IssuerAnswer>>) {}

  static async start(
    answers: Readonly<Record<IssuerEndpoint, IssuerAnswer>>,
  ): Promise<IssuerServer> {
    const issuer = new IssuerServer(answers);
    await once(issuer.server.listen(0, '127.0.0.1'), 'listening');
    issuer.url = `http://127.0.0.1:${(issuer.server.address() as AddressInfo).port}`;
    return issuer;
  }

  /** How often an endpoint was asked, whatever it answered. */
  requests(endpoint: IssuerEndpoint): number {
    return this.counts[endpoint];
  }

  /** Begins or ends a fault, for requests that wait for an answer, too. */
  setFault(endpoint: IssuerEndpoint | 'all', fault: IssuerFault | undefined): void {
    for (const name of endpoint === 'all' ? endpoints : [endpoint]) {
      if (fault === undefined) this.faults.delete(name);
      else this.faults.set(name, fault);
    }
    this.faultChange.abort();
    this.faultChange = new AbortController();
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async serve(
    endpoint: IssuerEndpoint,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.counts[endpoint] += 1;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    while (!gone.signal.aborted) {
      const fault = this.faults.get(endpoint);
      if (typeof fault === 'function') return void fault(request, response);
      if (fault === 'cut') return void response.destroy();
      if (fault === 'refuse') return void response.writeHead(503).end();
      const signal = AbortSignal.any([gone.signal, this.faultChange.signal]);
      const answer = await Promise.race([
        aborted(signal),
        fault === 'hang' ? new Promise(() => undefined) : this.answers[endpoint](query, signal),
      ]);
      if (signal.aborted) continue;
      response
        .setHeader('content-type', 'application/json')
        .setHeader('cache-control', cacheControl[endpoint])
        .end(JSON.stringify(answer));
      return;
    }
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}
