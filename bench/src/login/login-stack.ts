import { randomInt, randomUUID } from 'node:crypto';
import { startApp, startPostgres } from '@jwt-auth/dev-stack';

export const PASSWORD = 'a long enough passphrase';

/** One answer: its status, its body, and after how many milliseconds it was complete. */
export interface TimedAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** The built auth and orders apps on a Postgres of their own. */
export interface LoginStack extends AsyncDisposable {
  readonly auth: string;
  readonly orders: string;
}

export async function startLoginStack(): Promise<LoginStack> {
  const postgres = await startPostgres();
  const database = { DATABASE_URL: await postgres.createDatabase('auth'), LOG_LEVEL: 'warn' };
  // Callers come from many addresses here: what is measured are hashes, not limits.
  const auth = await startApp('auth', { env: { ...database, TRUST_PROXY: 'loopback' } });
  const issuer = auth.url.replace('127.0.0.1', 'localhost');
  const orders = await startApp('orders', { env: { ...database, ISSUER: issuer } });
  return {
    auth: auth.url,
    orders: orders.url,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([auth.stop(), orders.stop()]);
      await postgres.stop();
    },
  };
}

/** A caller from somewhere, with a JSON body if there is one. */
export async function timed(url: string, body?: object, token?: string): Promise<TimedAnswer> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = (await response.json()) as TimedAnswer['body'];
  return { status: response.status, body: answer, ms: performance.now() - startedAt };
}

/** A new user's e-mail. */
export async function register({ auth }: LoginStack): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { status } = await timed(`${auth}/auth/register`, { email, password: PASSWORD });
  if (status !== 201) throw new Error(`register: ${status}`);
  return email;
}
