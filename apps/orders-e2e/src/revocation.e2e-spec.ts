import { randomUUID } from 'node:crypto';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOrders } from './orders-service.js';

let issuer: TestIssuer;
let orders: RunningApp;

const list = (token: string) => call(`${orders.url}/orders`, { token });
const codeOf = async (token: string) => {
  const { status, body } = await list(token);
  return status === 200 ? 'ok' : body['code'];
};
const fiveSeconds = { timeout: 5_000, interval: 50 };

describe('a revocation', () => {
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    orders = await startOrders(issuer.issuer);
  });
  afterAll(async () => {
    await orders?.stop();
    await issuer.close();
  });

  it.each([
    ['jti', (jti: string) => ({ kind: 'jti' as const, id: jti })],
    ['sid', (_jti: string, sid: string) => ({ kind: 'sid' as const, id: sid })],
    ['client', (_jti: string, _sid: string, id: string) => ({ kind: 'client' as const, id })],
    ['kid', () => ({ kind: 'kid' as const, id: issuer.kid })],
  ])('of a %s refuses its tokens, seen before or not', async (kind, revocation) => {
    const claims = {
      scope: 'orders:read',
      jti: randomUUID(),
      sid: randomUUID(),
      client_id: randomUUID(),
    };
    const seen = issuer.mint(claims);
    const unseen = issuer.mint({ ...claims, sub: 'same claims, another token' });
    const other = issuer.mint({ scope: 'orders:read' });
    expect(await codeOf(seen)).toBe('ok');

    await issuer.revoke(revocation(claims.jti, claims.sid, claims.client_id));

    await expect.poll(() => codeOf(seen), fiveSeconds).toBe('token_revoked');
    expect(await codeOf(unseen)).toBe('token_revoked');
    expect(await codeOf(other)).toBe(kind === 'kid' ? 'token_revoked' : 'ok');
  });
});
