import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Try } from './attack.js';
import type { Outcome } from './report.js';

/** How the protected endpoint is called. */
export interface Call {
  /** Answers a good token with 2xx. */
  readonly url: string;
  /** Default: `GET`. */
  readonly method?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How long the rest of an answer may take. A stream has no end. */
const BODY_MS = 50;

/** The service that is attacked. */
export class Target {
  private readonly request: typeof request;
  private readonly agent: Agent;

  constructor(
    private readonly call: Call,
    private readonly limitMs = 10_000,
  ) {
    const isTls = call.url.startsWith('https:');
    this.request = isTls ? tlsRequest : request;
    this.agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true });
  }

  /** The status of the answer, or 0 without one within the limit, by default ten seconds. */
  ask(attempt: Try): Promise<number> {
    const signal = AbortSignal.timeout(this.limitMs);
    // Once more if it has closed an idle connection.
    return this.send(attempt, signal).catch(() => this.send(attempt, signal).catch(() => 0));
  }

  /** The status that was waited for, or the last one. */
  async poll(
    token: string,
    isMeant: (status: number) => boolean,
    withinMs: number,
  ): Promise<number> {
    const endsAtMs = performance.now() + withinMs;
    for (;;) {
      const status = await this.ask({ token });
      if (isMeant(status) || performance.now() >= endsAtMs) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private send({ token, headers = [], query, form }: Try, signal: AbortSignal): Promise<number> {
    const { call, agent } = this;
    const url = new URL(call.url);
    if (query !== undefined) url.search += `${url.search && '&'}${query}`;
    const body = form ?? call.body ?? '';
    const sent = new Headers(call.headers);
    if (form !== undefined) sent.set('content-type', 'application/x-www-form-urlencoded');
    if (body !== '') sent.set('content-length', String(Buffer.byteLength(body)));
    if (!sent.has('host')) sent.set('host', url.host);
    const all = [...[...sent].flat(), ...headers];
    if (token !== undefined) all.push('Authorization', `Bearer ${token}`);
    // As an array: an object would hold one header of a name.
    const options = { method: call.method ?? 'GET', agent, headers: all as never, signal };
    return new Promise((resolve, reject) => {
      const request = this.request(url, options, (response) => {
        // At its end the connection is free for the next request. A stream is cut off.
        const cut = setTimeout(() => response.destroy(), BODY_MS);
        response
          .once('close', () => {
            clearTimeout(cut);
            resolve(response.statusCode!);
          })
          .once('error', () => {})
          .resume();
      });
      request.once('error', reject).end(body);
    });
  }
}

export const isLetIn = (status: number) => status >= 200 && status < 400;

export function outcomeOf(status: number): Outcome {
  if (isLetIn(status)) return 'let in';
  return status >= 400 && status < 500 ? 'refused' : 'broke';
}
