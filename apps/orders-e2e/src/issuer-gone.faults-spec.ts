import { call, DEMO, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOrders } from './orders-service.js';

let issuer: TestIssuer;
let orders: RunningApp;

const list = (token: string) => call(`${orders.url}/orders`, { token });
const codeOf = async (token: string) => {
  const { status, body } = await list(token);
  return status === 200 ? 'ok' : body['code'];
};
const seconds = (count: number) => ({ timeout: count * 1000, interval: 50 });

describe('with the issuer gone', () => {
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    issuer.fail('feed', 'cut');
    const starting = startOrders(issuer.issuer, { REVOCATION_MAX_STALENESS: '3s' });
    await vi.waitFor(() => expect(issuer.requests('feed')).toBeGreaterThan(1), seconds(20));
    issuer.repair();
    orders = await starting;
  });
  afterAll(async () => {
    await orders?.stop();
    await issuer.close();
  });

  it('a service that starts without a list accepts no token, and becomes ready by itself', async () => {
    expect(await codeOf(issuer.mint({ scope: 'orders:read' }))).toBe('ok');
  });

  // threat:cutting-a-service-off-its-feed
  it('orders goes on, then says that it cannot know, then goes on again', async () => {
    const token = issuer.mint({ scope: 'orders:read' });
    const revoked = issuer.mint({ scope: 'orders:read', jti: 'dead' });
    await issuer.revoke({ kind: 'jti', id: 'dead' });
    await expect.poll(() => codeOf(revoked), seconds(5)).toBe('token_revoked');

    issuer.fail('all', 'cut');
    expect(await codeOf(token)).toBe('ok');
    await expect.poll(() => codeOf(token), seconds(10)).toBe('revocations_stale');
    const { status, headers } = await list(token);
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(await codeOf(revoked)).toBe('token_revoked');
    const readiness = await call(`${orders.url}/health/ready`);
    expect(readiness.status).toBe(503);
    expect(JSON.stringify(readiness.body)).toMatch(/revocation/i);

    issuer.repair();
    await expect.poll(() => codeOf(token), seconds(2)).toBe('ok');
  });
});

describe('orders behind the real auth', () => {
  it('works after auth has ended', async () => {
    const auth = await startApp('auth', { env: { DATABASE_URL: await freshDatabase() } });
    try {
      orders = await startOrders(auth.url.replace('127.0.0.1', 'localhost'));
      const login = await call(`${auth.url}/auth/login`, { body: DEMO.ada });
      const token = login.body['access_token'] as string;
      auth.kill();
      await auth.exited;
      expect(await codeOf(token)).toBe('ok');
    } finally {
      await orders.stop();
      await auth.stop();
    }
  });
});
