import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

const auth = AuthApp.forFile();
let count = 0;

async function loginWith(scope: string | undefined): Promise<TokenResponse> {
  const email = `scoped-${(count += 1)}@example.com`;
  await auth.register(email);
  const body = { email, password: PASSWORD, ...(scope !== undefined && { scope }) };
  return (await auth.call<TokenResponse>('POST', '/auth/login', { body })).body;
}

const OWN_ACCOUNT = [
  ['GET', '/auth/me', undefined],
  ['GET', '/auth/sessions', undefined],
  ['DELETE', `/auth/sessions/${randomUUID()}`, undefined],
  ['PUT', '/auth/password', { currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` }],
  ['POST', '/auth/logout-everywhere', undefined],
] as const;

describe.each(OWN_ACCOUNT)('%s %s', (method, path, body) => {
  it.each(['orders:read', 'orders:write orders:read', 'admin'])(
    'refuses a token that was narrowed to %s',
    async (scope) => {
      const { access_token: token, refresh_token } = await loginWith(scope);
      const answer = await auth.call(method, path, { token, body });
      expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
      expect(answer.headers['www-authenticate']).toContain('scope="account"');
      expect((await auth.refresh(refresh_token)).status).toBe(200);
    },
  );

  it.each([undefined, 'account', 'account orders:read'])(
    'takes a token with the scope %s',
    async (scope) => {
      const { access_token: token } = await loginWith(scope);
      const { status } = await auth.call(method, path, { token, body });
      expect([200, 204, ...(method === 'DELETE' ? [404] : [])]).toContain(status);
    },
  );
});

it('a logout needs no scope', async () => {
  const { access_token: token, refresh_token } = await loginWith('orders:read');
  expect((await auth.call('POST', '/auth/logout', { token })).status).toBe(204);
  expect((await auth.refresh(refresh_token)).status).toBe(401);
});

it('an empty scope counts as omitted, at login and at refresh', async () => {
  const everything = 'orders:read orders:write account';
  const { scope: granted, refresh_token } = await loginWith('');
  expect(granted).toBe(everything);
  const body = { refresh_token, scope: '' };
  const answer = await auth.call<TokenResponse>('POST', '/auth/refresh', { body });
  expect(answer.body.scope).toBe(everything);
});

it.each([' ', '   ', '\t'])('the scope %j is refused, at login and at refresh', async (scope) => {
  const email = `spaces-${scope.length}-${scope.charCodeAt(0)}@example.com`;
  await auth.register(email);
  const login = { email, password: PASSWORD, scope };
  expect((await auth.call('POST', '/auth/login', { body: login })).status).toBe(400);
  const { refresh_token } = await loginWith('');
  const body = { refresh_token, scope };
  expect((await auth.call('POST', '/auth/refresh', { body })).status).toBe(400);
});
