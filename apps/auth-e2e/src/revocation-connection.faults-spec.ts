import {
  call,
  outcome,
  createTcpProxy,
  freePort,
  startApp,
  type RunningApp,
  type TcpProxy,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, newSession } from './users.js';
import { queryAt, Stack, within } from './stack.js';

const ordersVerdict = async (orders: RunningApp | { url: string }, token: string) =>
  outcome(await call(`${orders.url}/orders`, { token }));

describe('auth behind a bad network to its database', () => {
  let database: string;
  let proxy: TcpProxy;
  let stack: Stack;
  let orders: RunningApp;
  beforeAll(async () => {
    database = await freshDatabase();
    const address = new URL(database);
    proxy = await createTcpProxy(Number(address.port));
    address.port = String(proxy.port);
    stack = await Stack.start({ env: { DATABASE_URL: address.href } });
    orders = await startApp('orders', {
      env: {
        ORDERS_DATABASE_URL: await freshDatabase(),
        ISSUER: stack.env['ISSUER'],
        REVOCATION_MAX_STALENESS: '5s',
      },
    });
  });
  afterAll(async () => {
    await orders?.stop();
    await stack?.stop();
    await proxy?.close();
  });

  const query = (sql: string, values?: unknown[]) =>
    queryAt<{ pid: number }>(database, sql, values);
  const revoke = (token: string) =>
    query(
      `INSERT INTO revoked_tokens (kind, id, exp)
       VALUES ('jti', $1, extract(epoch FROM now())::bigint + 900)`,
      [decode(token).payload['jti']],
    );
  const listeners = () =>
    query(`SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'jwt-core revocations (listening)'`);
  /** Whether auth has a connection for as many requests at once as its pool has. */
  async function isOpenToAll(): Promise<boolean> {
    const ready = await Promise.all(
      Array.from({ length: 10 }, () => call(`${stack.auth()}/health/ready`)),
    );
    return ready.every(({ status }) => status === 200);
  }
  /** A token that orders accepts. */
  async function acceptedToken(): Promise<string> {
    const { access_token: token } = await newSession(stack.auth());
    await expect.poll(() => ordersVerdict(orders, token)).toBe('ok');
    return token;
  }

  it('makes lost notifications good', async () => {
    const token = await acceptedToken();
    await query('ALTER TABLE revoked_tokens DISABLE TRIGGER ALL');
    try {
      await revoke(token);
      await expect.poll(() => ordersVerdict(orders, token)).toBe('token_revoked');
    } finally {
      await query('ALTER TABLE revoked_tokens ENABLE TRIGGER ALL');
    }
  });

  it('replaces a listening connection whose backend has stopped', async () => {
    const token = await acceptedToken();
    const [stopped] = await listeners();
    if (!stopped) throw new Error('There is no listening connection');
    process.kill(stopped.pid, 'SIGSTOP');
    try {
      await revoke(token);
      await expect.poll(() => ordersVerdict(orders, token)).toBe('token_revoked');
      expect((await listeners()).some(({ pid }) => pid !== stopped.pid)).toBe(true);
    } finally {
      process.kill(stopped.pid, 'SIGCONT');
    }
  });

  it('replaces a listening connection that is half open', async () => {
    const token = await acceptedToken();
    proxy.halfOpen();
    await revoke(token);
    await expect.poll(() => ordersVerdict(orders, token)).toBe('token_revoked');
    // Each connection of the pool fails at its next use.
    await expect.poll(() => isOpenToAll(), within(60)).toBe(true);
  });

  it('lets orders say that it cannot know while the database is out of reach, and no longer', async () => {
    const { access_token: token } = await newSession(stack.auth());
    await expect.poll(() => ordersVerdict(orders, token)).toBe('ok');
    proxy.pause();
    try {
      await expect.poll(() => ordersVerdict(orders, token), within(30)).toBe('revocations_stale');
      const { status, headers } = await call(`${orders.url}/orders`, { token });
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      await revoke(token);
    } finally {
      proxy.resume();
    }
    // Orders knows the revocations of that time before it accepts a token again.
    const seen = new Set<unknown>();
    const verdict = async () => {
      const said = await ordersVerdict(orders, token);
      seen.add(said);
      return said;
    };
    await expect.poll(verdict, within(30)).toBe('token_revoked');
    expect(seen).not.toContain('ok');
  });
});

describe('orders that starts without a feed', () => {
  it('is not ready, and accepts no token, before its first snapshot', async () => {
    const issuer = await TestIssuer.start();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const token = issuer.mint({ scope: 'orders:read' });
    issuer.fail('feed', 'cut');
    const env = { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: issuer.issuer };
    const starting = startApp('orders', { env, port });
    try {
      const answer = async (path: string) => {
        const { status, headers, body } = await call(url + path, { token });
        return { status, retryAfter: Number(headers.get('retry-after')), body };
      };
      const verdict = () => answer('/orders').catch(() => undefined);
      const unavailable = expect.objectContaining({ code: 'revocations_stale' }) as unknown;
      await expect.poll(verdict, within(60)).toMatchObject({ status: 503, body: unavailable });
      expect((await answer('/orders')).retryAfter).toBeGreaterThan(0);
      const readiness = await answer('/health/ready');
      expect(readiness.status).toBe(503);
      expect(JSON.stringify(readiness.body)).toMatch(/revocation/i);
    } finally {
      issuer.repair();
      const orders = await starting;
      expect(await ordersVerdict(orders, token)).toBe('ok');
      await orders.stop();
      await issuer.close();
    }
  });
});
