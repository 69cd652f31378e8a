import type { LoggerService } from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { setImmediate as afterPoll } from 'node:timers/promises';

import { notReady, type Unreadiness } from '../readiness/readiness.js';
import { bareAnswer, PROBLEM_JSON, requestIdOf } from './answers.js';
import { createBoundedServer } from './bounded-server.js';
import { trustedPeers } from './caller-address.js';
import { corsHeaders, NO_CORS, preflightHeaders } from './cors.js';
import type { ListenAddress, TrustProxy } from '../settings/addresses.js';
import type { CorsOptions } from '../settings/service-settings.js';
import { StartProgress } from '../readiness/start-progress.js';

export interface ServiceServerOptions {
  readonly logger: LoggerService;
  readonly trustProxy: TrustProxy;
  /** The path below which the routes are served, in addition to the root. */
  readonly basePath?: string | undefined;
  /** Pages that can read its answers. Default: those of its own origin. */
  readonly cors?: CorsOptions | undefined;
  /** What the start waits for. */
  readonly progress?: StartProgress;
}

/** A turn of the event loop that is shorter has handled nothing. */
const QUIET_TURN_MS = 0.05;
/** A busy process may never have a quiet turn. */
const MOST_TURNS = 1_000;

/**
 * The HTTP server of a process, from its first moment to its last. Until the app takes over, it
 * answers probes, and everything else with 503 `not_ready`. While the process stops, readiness is
 * 503, and each answer closes its connection, so that clients move to other processes.
 */
export class ServiceServer {
  readonly http: Server;
  readonly progress: StartProgress;
  private readonly logger: LoggerService;
  private readonly cors: CorsOptions;
  private readonly livePaths: ReadonlySet<string>;
  private readonly readyPaths: ReadonlySet<string>;
  private app: RequestListener | undefined;
  private current: RequestListener;
  private refused = 0;
  private stopping = false;
  private closed: Promise<unknown> | undefined;

  constructor({
    logger,
    trustProxy,
    basePath = '',
    cors = NO_CORS,
    progress,
  }: ServiceServerOptions) {
    this.logger = logger;
    this.cors = cors;
    this.progress = progress ?? new StartProgress();
    this.livePaths = new Set(['/health/live', `${basePath}/health/live`]);
    this.readyPaths = new Set(['/health/ready', `${basePath}/health/ready`]);
    this.current = (request, response) => this.whileStarting(request, response);
    this.http = createBoundedServer((request, response) => this.current(request, response), {
      logger,
      trusts: trustedPeers(trustProxy),
    });
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  async listen({ host, port }: ListenAddress): Promise<void> {
    this.http.listen({ host, port });
    await once(this.http, 'listening');
  }

  /** Takes what will answer the requests once `open` is called. */
  serveLater(app: RequestListener): Server {
    this.app = app;
    return this.http;
  }

  /** From now on the app answers. */
  open(): void {
    if (!this.app) throw new Error('There is no app to answer requests');
    if (!this.stopping) this.current = this.app;
    if (this.refused === 0) return;
    this.logger.warn(
      'Requests came before the service was ready, and were refused with 503. Let the balancer ' +
        'ask GET /health/ready, or try another process after a 503.',
      { requests: this.refused },
    );
  }

  /** From now on readiness is 503, and every answer says `Connection: close`. */
  drain(): void {
    this.stopping = true;
    const { app } = this;
    if (app && this.current === app) {
      this.current = (request, response) => this.whileStopping(app, request, response);
    }
  }

  /** Accepts no more connections. */
  async stopAccepting(): Promise<void> {
    await this.acceptWaiting();
    if (!this.http.listening) return;
    this.closed = new Promise((resolve) => this.http.once('close', resolve));
    this.http.close();
  }

  /** Accepts no more connections. Resolves when all are closed. */
  async close(): Promise<void> {
    await this.stopAccepting();
    await this.closed;
  }

  /**
   * Resolves right after a turn that found nothing to read or to accept. A listener that closes
   * resets the connections that wait to be accepted, and an idle connection that closes loses the
   * request that has just arrived: after a long turn there may be some of either.
   */
  private async acceptWaiting(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const beganAtMs = performance.now();
      await afterPoll();
      if (performance.now() - beganAtMs < QUIET_TURN_MS) return;
    }
  }

  private whileStarting(request: IncomingMessage, response: ServerResponse): void {
    const preflight = preflightHeaders(request, this.cors);
    if (preflight) {
      response.writeHead(204, { ...preflight, 'x-request-id': requestIdOf(request) }).end();
      return;
    }
    const path = pathOf(request);
    if (this.livePaths.has(path)) {
      return this.answer(request, response, 200, { status: 'live' });
    }
    if (!this.readyPaths.has(path)) this.refused += 1;
    this.refuse(request, response, this.progress.missing);
  }

  private whileStopping(
    app: RequestListener,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    // Node then says `Connection: close`.
    response.shouldKeepAlive = false;
    if (!this.readyPaths.has(pathOf(request))) return app(request, response);
    this.refuse(request, response, [{ name: 'process', reason: 'is stopping' }]);
  }

  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    missing: readonly Unreadiness[],
  ): void {
    response.setHeader('retry-after', '1');
    this.answer(request, response, 503, notReady(missing));
  }

  private answer(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    content: object,
  ): void {
    const type = status === 200 ? 'application/json; charset=utf-8' : PROBLEM_JSON;
    const { body, headers } = bareAnswer(content, type, requestIdOf(request));
    response.writeHead(status, { ...headers, ...corsHeaders(request.headers, this.cors) });
    response.end(body);
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
