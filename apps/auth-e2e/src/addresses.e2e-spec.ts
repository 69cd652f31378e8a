import { call, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, newSession, refresh } from './users.js';
import { Stack } from './stack.js';

const PATH = '/tenants/one';

describe('an issuer with a path', () => {
  let stack: Stack;
  let issuer: string;

  beforeAll(async () => {
    stack = await Stack.start({
      withOrders: true,
      mayIntrospect: true,
      issuerPath: PATH,
      env: { DOCS: 'on' },
    });
    issuer = String(stack.env['ISSUER']);
  });
  afterAll(() => stack?.stop());

  it('has its metadata where RFC 8414 section 3.1 says', async () => {
    const { body } = await call(`${stack.auth()}/.well-known/oauth-authorization-server${PATH}`);
    expect(body['issuer']).toBe(issuer);
    for (const name of ['jwks_uri', 'revocation_feed']) {
      expect(body[name]).toMatch(new RegExp(`^${issuer}/`));
      expect((await call(String(body[name]))).status).toBe(200);
    }
  });

  it('is not the issuer of another path', async () => {
    for (const path of ['/tenants', '/tenants/two', `${PATH}/more`]) {
      const metadata = `${stack.auth()}/.well-known/oauth-authorization-server${path}`;
      expect((await call(metadata)).status).toBe(404);
      expect((await call(`${stack.auth()}${path}/.well-known/jwks.json`)).status).toBe(404);
    }
  });

  it('logs in, refreshes, is trusted by orders, and logs out', async () => {
    const session = await newSession(issuer);
    expect(decode(session.access_token).payload['iss']).toBe(issuer);
    expect(await stack.verdict(session.access_token)).toBe('ok');
    const refreshed = await refresh(issuer, session.refresh_token);
    expect(refreshed.status).toBe(200);
    const { access_token: token } = refreshed.body;
    expect(await stack.verdict(token)).toBe('ok');
    await call(`${issuer}/auth/logout`, { method: 'POST', token });
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
  });

  it('answers errors of its OAuth routes in the form of RFC 6749', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call(`${issuer}/oauth/token`, { body: 'grant_type=password', headers });
    expect(answer.body).toMatchObject({ error: 'unsupported_grant_type' });
  });

  it('has its documentation below the path, with that path as its server', async () => {
    const { body } = await call(`${issuer}/docs-json`);
    expect(body['servers']).toEqual([{ url: PATH }]);
  });

  it.each(['', PATH])('reports its health below %j', async (path) => {
    expect((await call(`${stack.auth()}${path}/health/live`)).status).toBe(200);
    expect((await call(`${stack.auth()}${path}/health/ready`)).status).toBe(200);
  });
});

/** The last IPv6 address of this machine, which is its loopback when it has no other. */
const ipv6Address = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .findLast(({ family, scopeid }) => family === 'IPv6' && !scopeid)?.address;

describe('HOST', () => {
  it.each([...new Set([ipv6Address ?? '::', '::'])])('may be %s', async (host) => {
    const app = await startApp('auth', {
      env: { HOST: host, DATABASE_URL: await freshDatabase() },
    });
    try {
      expect((await call(`${app.url}/health/live`)).status).toBe(200);
      const { issuer } = (await call(`${app.url}/.well-known/oauth-authorization-server`)).body;
      const known = ['::', '::1'].includes(host) ? 'localhost' : `[${host}]`;
      expect(issuer).toBe(`http://${known}:${new URL(app.url).port}`);
      const session = await newSession(app.url);
      expect(decode(session.access_token).payload['iss']).toBe(issuer);
    } finally {
      await app.stop();
    }
  });
});
