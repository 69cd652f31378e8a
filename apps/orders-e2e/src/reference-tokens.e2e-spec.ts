import { randomBytes } from 'node:crypto';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOrders } from './orders-service.js';

const client = { clientId: 'urn:orders', clientSecret: 'hush+%ü hush' };
const reader = { scope: 'orders:read' };
const soon = { timeout: 20_000, interval: 25 };

let issuer: TestIssuer;
let orders: RunningApp;
let without: RunningApp;
let mistaken: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.start({ client });
  const start = (CLIENT_SECRET: string) =>
    startOrders(issuer.issuer, { CLIENT_ID: client.clientId, CLIENT_SECRET });
  [orders, mistaken, without] = await Promise.all([
    start(client.clientSecret),
    start('hush-wrong'),
    startOrders(issuer.issuer),
  ]);
});
afterAll(async () => {
  await Promise.all([orders?.stop(), mistaken?.stop(), without?.stop()]);
  await issuer?.close();
});

const list = (token: string, { url } = orders) => call(`${url}/orders`, { token });
const code = async (token: string, app = orders) => (await list(token, app)).body['code'];

describe('orders and reference tokens', () => {
  it('lets in who carries one, and asks once for a hundred requests at the same moment', async () => {
    const token = issuer.mintReference({ ...reader, claims: { text: 'x'.repeat(60_000) } });
    const before = issuer.requests('introspect');
    const answers = await Promise.all(Array.from({ length: 100 }, () => list(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(issuer.requests('introspect')).toBe(before + 1);
  });

  it('refuses one that was revoked, remembered or never seen', async () => {
    const [seen, unseen] = [
      { ...reader, jti: 'a' },
      { ...reader, jti: 'b' },
    ].map((claims) => issuer.mintReference(claims)) as [string, string];
    expect(await list(seen)).toMatchObject({ status: 200 });
    await issuer.revoke({ kind: 'jti', id: 'a' });
    await issuer.revoke({ kind: 'jti', id: 'b' });
    await expect.poll(() => code(seen), soon).toBe('token_revoked');
    expect(await list(unseen)).toMatchObject({ status: 401 });
  });

  it('answers 503 while it cannot ask, and never 401 for that', async () => {
    const known = issuer.mintReference(reader);
    const late = issuer.mintReference(reader);
    await list(known);
    issuer.fail('introspect');
    const answer = await list(late);
    expect(answer).toMatchObject({ status: 503, body: { code: 'introspection_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await list(known)).toMatchObject({ status: 200 });
    expect(await list(issuer.mint(reader))).toMatchObject({ status: 200 });
    issuer.repair();
    await expect.poll(async () => (await list(late)).status, soon).toBe(200);
  });

  it('without credentials refuses them, and sends no request', async () => {
    const before = issuer.requests('introspect');
    const answer = await list(issuer.mintReference(reader), without);
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect(issuer.requests('introspect')).toBe(before);
  });

  it('does not become a flood on auth when it is flooded with made-up tokens', async () => {
    issuer.fail('introspect', 'hang');
    const before = issuer.requests('introspect');
    const made = Array.from({ length: 200 }, () => randomBytes(32).toString('base64url'));
    const refusals: unknown[] = [];
    const flood = made.map(async (token) => void refusals.push(await code(token)));
    // While 64 requests hang, another one is refused.
    await expect.poll(() => refusals.length, soon).toBeGreaterThanOrEqual(200 - 64);
    expect(new Set(refusals)).toEqual(new Set(['introspection_unavailable']));
    expect(issuer.requests('introspect') - before).toBeLessThanOrEqual(128);
    issuer.repair();
    await Promise.all(flood);
  });

  it('with credentials that auth refuses says 503, and in its log once what to do', async () => {
    for (let n = 0; n < 3; n++) {
      expect(await code(issuer.mintReference(reader), mistaken)).toBe('introspection_unavailable');
    }
    const warnings = () =>
      mistaken
        .log()
        .split('\n')
        .filter((line) => line.includes('Check id and secret'));
    // The log may arrive after the answer.
    await expect.poll(warnings).toHaveLength(1);
    expect(warnings()[0]).toContain('urn:orders');
    expect(mistaken.log() + orders.log()).not.toContain('hush');
  });
});
