import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The endpoints of an issuer that services use. */
export type IssuerEndpoint = 'metadata' | 'jwks' | 'feed' | 'token' | 'introspect';

/**
 * How an endpoint fails. `cut`: it closes the connection. `refuse`: status 503. `hang`: it does not
 * answer until it is repaired. Or a listener of your own.
 */
export type IssuerFault = 'cut' | 'refuse' | 'hang' | RequestListener;

/** A request to an endpoint. */
export interface IssuerRequest {
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

/** An answer with another status than 200. */
export class IssuerRefusal {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, unknown>>,
  ) {}
}

/** Makes the answer of an endpoint. The signal aborts when the client is gone. */
export type IssuerAnswer = (issuerRequest: IssuerRequest, signal: AbortSignal) => unknown;

const ISSUER_PATHS: Readonly<Record<IssuerEndpoint, string>> = {
  metadata: '/.well-known/oauth-authorization-server',
  jwks: '/.well-known/jwks.json',
  feed: '/revocations',
  token: '/oauth/token',
  introspect: '/oauth/introspect',
};
const ENDPOINTS = Object.keys(ISSUER_PATHS) as readonly IssuerEndpoint[];
const POSTED: readonly IssuerEndpoint[] = ['token', 'introspect'];
const CACHE_CONTROL: Partial<Record<IssuerEndpoint, string>> = {
  metadata: 'no-cache',
  jwks: 'public, max-age=300',
};

/** The metadata of an issuer at this address (RFC 8414). */
export function issuerMetadata(issuer: string): unknown {
  return {
    issuer,
    jwks_uri: issuer + ISSUER_PATHS.jwks,
    revocation_feed: issuer + ISSUER_PATHS.feed,
    token_endpoint: issuer + ISSUER_PATHS.token,
    introspection_endpoint: issuer + ISSUER_PATHS.introspect,
    response_types_supported: [],
  };
}

/** The HTTP side of an issuer, on the loopback interface. */
export class IssuerServer {
  url = '';
  private readonly faults = new Map<IssuerEndpoint, IssuerFault>();
  private readonly counts = new Map<IssuerEndpoint, number>();
  private faultChange = new AbortController();
  private readonly server = createServer((request, response) => {
    // By hand: `new URL` takes `//` for the beginning of a host, or throws.
    const [pathname] = (request.url ?? '/').split('?');
    const endpoint = ENDPOINTS.find((name) => ISSUER_PATHS[name] === pathname);
    const method = endpoint && POSTED.includes(endpoint) ? 'POST' : 'GET';
    if (endpoint === undefined || request.method !== method) response.writeHead(404).end();
    // A caller that has left, or a function of a test that throws, must not end the process.
    else this.serve(endpoint, request, response).catch(() => response.destroy());
  });

  private constructor(private readonly answers: Readonly<Record<IssuerEndpoint, IssuerAnswer>>) {}

  static async start(
    answers: Readonly<Record<IssuerEndpoint, IssuerAnswer>>,
    port: number,
  ): Promise<IssuerServer> {
    const issuer = new IssuerServer(answers);
    await once(issuer.server.listen(port, '127.0.0.1'), 'listening');
    issuer.url = `http://127.0.0.1:${(issuer.server.address() as AddressInfo).port}`;
    return issuer;
  }

  /** The number of requests to an endpoint, with any answer. */
  requests(endpoint: IssuerEndpoint): number {
    return this.counts.get(endpoint) ?? 0;
  }

  /** Starts or ends a fault, also for requests that wait for an answer. */
  setFault(endpoint: IssuerEndpoint | 'all', fault: IssuerFault | undefined): void {
    for (const name of endpoint === 'all' ? ENDPOINTS : [endpoint]) {
      if (fault === undefined) this.faults.delete(name);
      else this.faults.set(name, fault);
    }
    this.faultChange.abort();
    this.faultChange = new AbortController();
  }

  isFailing(endpoint: IssuerEndpoint): boolean {
    return this.faults.has(endpoint);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async serve(
    endpoint: IssuerEndpoint,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.counts.set(endpoint, this.requests(endpoint) + 1);
    const issuerRequest = await this.read(request);
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
        fault === 'hang'
          ? new Promise(() => undefined)
          : this.answers[endpoint](issuerRequest, signal),
      ]);
      if (signal.aborted) continue;
      const isRefusal = answer instanceof IssuerRefusal;
      response
        .setHeader('content-type', 'application/json')
        .setHeader('cache-control', CACHE_CONTROL[endpoint] ?? 'no-store')
        .writeHead(isRefusal ? answer.status : 200)
        .end(JSON.stringify(isRefusal ? answer.body : answer));
      return;
    }
  }

  private async read(request: IncomingMessage): Promise<IssuerRequest> {
    const [, search] = (request.url ?? '/').split('?', 2);
    const query = new URLSearchParams(search);
    const form = new URLSearchParams(await text(request));
    return { query, form, authorization: request.headers.authorization };
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}
