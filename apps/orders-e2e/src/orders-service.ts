import { startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';

/** What a test sends. `token` becomes the Authorization header. */
export interface Call {
  method?: string;
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What came back. `body` is parsed JSON, or undefined for an empty one. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Sends one request over a connection that nothing else uses. */
export async function call(url: string, options: Call = {}): Promise<Answer> {
  const { token, body, headers = {}, method = body === undefined ? 'GET' : 'POST' } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Answer['body'],
  };
}

/** The built orders app, with a database of its own, trusting `issuer`. */
export async function startOrders(
  issuer: string,
  env: Record<string, string> = {},
): Promise<RunningApp> {
  return startApp('orders', {
    env: { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: issuer, ...env },
  });
}
