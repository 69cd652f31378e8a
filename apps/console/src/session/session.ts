import { ApiError, errorOf, sessionEnded, unreachable } from '../api/problem.js';
import { AUTH } from '../place.js';

/** Who is logged in, as the access token says. */
export interface Principal {
  readonly subject: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

/** A token is renewed when it has less than this left. */
const RENEW_MS = 30_000;

/** A session of this page: its tokens are in memory only. */
class Session {
  private tokens: Tokens | undefined;
  private renewAtMs = 0;
  private renewing: Promise<void> | undefined;
  private readonly listeners = new Set<() => void>();

  get principal(): Principal | undefined {
    return this.tokens && principalOf(this.tokens.access_token);
  }

  /** @throws ApiError such as `invalid_credentials` */
  async login(credentials: { email: string; password: string }): Promise<void> {
    this.keep(await post<Tokens>('auth/login', credentials));
  }

  /** Ends the session at auth, and here in any case. */
  async logout(): Promise<void> {
    try {
      if (this.tokens) await this.fetch(new URL('auth/logout', AUTH), { method: 'POST' });
    } finally {
      this.keep(undefined);
    }
  }

  /** Like `fetch`, with an access token that is renewed when it has expired or was revoked. */
  async fetch(url: URL, init: RequestInit = {}): Promise<Response> {
    const response = await this.send(url, init);
    if (response.status !== 401 || !this.tokens) return response;
    await this.renew();
    return this.send(url, init);
  }

  /** The access token, to look at. */
  async accessToken(): Promise<string> {
    if (performance.now() >= this.renewAtMs) await this.renew();
    if (!this.tokens) throw sessionEnded();
    return this.tokens.access_token;
  }

  /** @returns a function that removes the listener */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async send(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await this.accessToken()}`);
    return fetch(url, { ...init, headers });
  }

  private renew(): Promise<void> {
    this.renewing ??= this.exchange().finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async exchange(): Promise<void> {
    if (!this.tokens) throw sessionEnded();
    try {
      const { refresh_token } = this.tokens;
      this.keep(await post<Tokens>('auth/refresh', { refresh_token }));
    } catch (error) {
      if (!(error instanceof ApiError) || !error.code.startsWith('refresh_token')) throw error;
      this.keep(undefined);
      throw sessionEnded();
    }
  }

  private keep(tokens: Tokens | undefined): void {
    this.tokens = tokens;
    this.renewAtMs = tokens ? performance.now() + tokens.expires_in * 1000 - RENEW_MS : 0;
    for (const listener of [...this.listeners]) listener();
  }
}

export const session = new Session();

async function post<T>(path: string, body: object): Promise<T> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(new URL(path, AUTH), request).catch(() =>
    Promise.reject(unreachable()),
  );
  if (!response.ok) throw await errorOf(response, false);
  return (await response.json()) as T;
}

function principalOf(token: string): Principal {
  const payload = token.split('.')[1] ?? '';
  const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
  const { sub, sid, roles } = JSON.parse(text) as { sub: string; sid: string; roles: string[] };
  return { subject: sub, sessionId: sid, roles };
}
