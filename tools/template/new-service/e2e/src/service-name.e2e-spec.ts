import { randomUUID } from 'node:crypto';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServiceName } from './service-name-service.js';

let issuer: TestIssuer;
let app: RunningApp;
let owner: string;

const SCOPES = 'service-name:read service-name:write';
const tokenOf = (sub: string, claims: object = {}) =>
  issuer.mint({ sub, scope: SCOPES, ...claims });
const at = (path: string) => `${app.url}/service-name${path}`;
const add = (token: string | undefined, body: unknown = { title: 'first' }) =>
  call(at(''), { ...(token !== undefined && { token }), body });

beforeAll(async () => {
  issuer = await TestIssuer.start({ audience: 'service-name' });
  app = await startServiceName(issuer.issuer);
});
afterAll(async () => {
  await app?.stop();
  await issuer?.close();
});
beforeEach(() => void (owner = `ada-${randomUUID()}`));

describe('entries', () => {
  it('are added, listed and read by their owner', async () => {
    const token = tokenOf(owner);
    const { status, body: entry } = await add(token);
    expect(status).toBe(201);
    expect(entry).toMatchObject({ title: 'first', ownerId: owner });
    expect((await call(at(''), { token })).body).toEqual({ items: [entry], nextCursor: null });
    expect((await call(at(`/${String(entry['id'])}`), { token })).body).toEqual(entry);
  });

  it('do not exist for other users', async () => {
    const { body } = await add(tokenOf(owner));
    const token = tokenOf('eve');
    for (const id of [String(body['id']), randomUUID(), 'x']) {
      const answer = await call(at(`/${id}`), { token });
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await call(at(''), { token })).body).toMatchObject({ items: [] });
  });

  it.each([{}, { title: '' }, { title: 'x'.repeat(201) }, { title: 1 }, { title: 'x', id: 1 }])(
    'are not made of %j',
    async (body) => {
      const answer = await add(tokenOf(owner), body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    },
  );
});

describe('the guard', () => {
  it('refuses a request without a token', async () => {
    expect(await add(undefined)).toMatchObject({ status: 401, body: { code: 'token_missing' } });
  });

  it('refuses a token for another service', async () => {
    const token = tokenOf(owner, { aud: 'api' });
    expect(await add(token)).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
  });

  it.each([
    ['adding', 'service-name:read', () => at('')],
    ['reading', 'service-name:write', () => at(`/${randomUUID()}`)],
  ])('requires the scope for %s', async (what, scope, url) => {
    const body = what === 'adding' ? { title: 'first' } : undefined;
    const answer = await call(url(), { token: tokenOf(owner, { scope }), body });
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
  });

  it('refuses a token that was revoked', async () => {
    const token = tokenOf(owner, { jti: owner });
    expect((await add(token)).status).toBe(201);
    await issuer.revoke({ kind: 'jti', id: owner });
    expect(await add(token)).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
  });
});

describe('what every service has', () => {
  it.each(['/health/live', '/health/ready', '/docs-json'])('%s', async (path) => {
    expect((await call(app.url + path)).status).toBe(200);
  });
});
