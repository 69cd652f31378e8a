import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

const ISSUER = 'https://auth.example.com';
const EMAIL = 'resourceful@example.com';

const auth = AuthApp.forFile({ ISSUER });
beforeAll(async () => {
  await auth.dataSource.query(
    `INSERT INTO resources VALUES ('bills', '[{"name": "bills:pay"}, {"name": "orders:read"}]');
     UPDATE roles SET scopes = '{orders:read,bills:pay}' WHERE name = 'user'`,
  );
  await auth.register(EMAIL);
});

function login<Body = TokenResponse>(request: object = {}): Promise<Answer<Body>> {
  return auth.call('POST', '/auth/login', {
    body: { email: EMAIL, password: PASSWORD, ...request },
  });
}

function refresh<Body = TokenResponse>(token: string, request: object = {}): Promise<Answer<Body>> {
  return auth.call('POST', '/auth/refresh', { body: { refresh_token: token, ...request } });
}

const sayings = ({ access_token: token }: TokenResponse) => {
  const { aud, scope } = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  ) as { aud: unknown; scope: string };
  return { aud, scope };
};

describe('the resource of a login', () => {
  it.each([
    [undefined, { aud: 'api', scope: 'orders:read account' }],
    ['', { aud: 'api', scope: 'orders:read account' }],
    ['api', { aud: 'api', scope: 'orders:read account' }],
    ['bills', { aud: 'bills', scope: 'orders:read bills:pay' }],
    [ISSUER, { aud: ISSUER, scope: 'account' }],
  ])('%s is the audience, and the scopes are those of it', async (resource, says) => {
    const { body } = await login({ resource });
    expect(sayings(body)).toEqual(says);
    expect(body.scope).toBe(says.scope);
    // And of what follows, unless it asks for another.
    const next = await refresh(body.refresh_token);
    expect(sayings(next.body)).toEqual(says);
  });

  it.each([
    ['api', 200],
    [ISSUER, 200],
    ['bills', 401],
  ])('%s decides whether auth takes the token itself: %i', async (resource, status) => {
    for (const token_format of ['jwt', 'reference']) {
      const { access_token: token } = (await login({ resource, token_format })).body;
      expect((await auth.call('GET', '/auth/me', { token })).status).toBe(status);
    }
  });

  it('is narrowed as the scope is', async () => {
    const { body } = await login({ resource: 'bills', scope: 'bills:pay account' });
    expect(body.scope).toBe('bills:pay');
  });

  it.each(['nothing', 'BILLS', 'bills ', 'constructor', 'x'.repeat(5_000), '/', 'http://a#b'])(
    'that there is not is an invalid target: %s',
    async (resource) => {
      expect(await login({ resource })).toMatchObject({
        status: 400,
        body: { code: 'invalid_target' },
      });
    },
  );

  it.each([1, ['bills'], { a: 1 }, null])(
    'that is no text is wrong input: %j',
    async (resource) => {
      expect(await login({ resource })).toMatchObject({
        status: 400,
        body: { code: 'invalid_input', errors: [{ path: 'resource' }] },
      });
    },
  );
});

describe('the resource of a refresh', () => {
  it('is the audience of this one token, if the login was for none', async () => {
    const { body: first } = await login();
    const { body: second } = await refresh(first.refresh_token, { resource: 'bills' });
    expect(sayings(second)).toEqual({ aud: 'bills', scope: 'orders:read bills:pay' });
    const { body: third } = await refresh(second.refresh_token);
    expect(sayings(third)).toEqual({ aud: 'api', scope: 'orders:read account' });
  });

  it('is none but that of the login, and a refusal does not spend the token', async () => {
    const { body } = await login({ resource: 'bills' });
    for (const resource of ['api', ISSUER, 'nothing']) {
      expect(await refresh(body.refresh_token, { resource })).toMatchObject({
        status: 400,
        body: { code: 'invalid_target' },
      });
    }
    expect((await refresh(body.refresh_token, { resource: 'bills' })).status).toBe(200);
  });

  it('has only its own scopes', async () => {
    const { body } = await login();
    const answer = await refresh(body.refresh_token, { resource: 'bills', scope: 'account' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    const narrow = { resource: 'bills', scope: 'bills:pay' };
    expect((await refresh(body.refresh_token, narrow)).body.scope).toBe('bills:pay');
  });
});
