import { randomUUID } from 'node:crypto';
import { call, outcome, type Answer, DEMO } from '@jwt-auth/dev-stack';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Administrator } from './administrator.js';
import { Stack } from './stack.js';
import { decode, login, newEmail, PASSWORD, refresh, type TokenResponse } from './users.js';

let stack: Stack;
let admin: Administrator;
/** The two auth processes. */
let here: string;
let there: string;
const added: string[] = [];
beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
  admin = await Administrator.login(here);
});

// Other specs of the shared stack compare the scopes that there are.
afterAll(async () => {
  for (const audience of added) {
    await admin.call(here, `resources/${encodeURIComponent(audience)}`, { method: 'DELETE' });
  }
});

async function change(path: string, options: object, auth = here): Promise<Answer> {
  const answer = await admin.call(auth, path, options);
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer;
}

/** A service, a role with its scopes and `orders:read`, and a user who has the role. */
async function newService() {
  const name = randomUUID();
  const audience = `https://${name}.example.com`;
  const scopes = [`${name}:read`, `${name}:write`] as const;
  await change('resources', { body: { audience, scopes } });
  added.push(audience);
  await change('roles', { body: { name, scopes: [...scopes, 'orders:read'] } }, there);
  const email = newEmail();
  await change('users', { body: { email, password: PASSWORD, roles: [name] } });
  const tokens = (auth: string, request: object = {}) =>
    call<TokenResponse>(`${auth}/auth/login`, { body: { email, password: PASSWORD, ...request } });
  return { audience, scopes, role: name, email, tokens };
}

const says = ({ access_token: token }: TokenResponse) => {
  const { aud, scope } = decode(token).payload;
  return { aud, scope };
};
const atAuth = async (token: string, auth = here) =>
  outcome(await call(`${auth}/auth/me`, { token }));
const supported = async (auth: string) =>
  (await call<{ scopes_supported: string[] }>(`${auth}/.well-known/oauth-authorization-server`))
    .body.scopes_supported;

describe('a service that an administrator adds at one process', () => {
  it('is known to the other at once: its scopes, its audience, and the roles with these scopes', async () => {
    const { audience, scopes, tokens } = await newService();
    const { body } = await tokens(there, { resource: audience });
    expect(says(body)).toEqual({ aud: audience, scope: scopes.join(' ') });
    for (const auth of [here, there]) {
      expect(await supported(auth)).toEqual(expect.arrayContaining([...scopes]));
    }
    // Its tokens are for it alone.
    expect(await stack.verdict(body.access_token)).toBe('token_invalid');
    expect(await atAuth(body.access_token)).toBe('token_invalid');
    const usual = await refresh(here, body.refresh_token);
    expect(says(usual.body).aud).toBe(audience);
  });

  it('is no longer a target at the other after it is removed', async () => {
    const { audience, tokens } = await newService();
    const path = `resources/${encodeURIComponent(audience)}`;
    const { body: before } = await tokens(there, { resource: audience });
    await change(path, { method: 'DELETE' });
    expect(outcome(await tokens(there, { resource: audience }))).toBe('invalid_target');
    expect(outcome(await refresh(there, before.refresh_token))).toBe('invalid_target');
  });
});

describe('a token for auth itself', () => {
  it('is accepted at /auth and /admin only', async () => {
    const { body } = await call<TokenResponse>(`${there}/auth/login`, {
      body: { ...DEMO.admin, resource: here },
    });
    expect(says(body)).toEqual({ aud: here, scope: 'admin account' });
    const token = body.access_token;
    for (const auth of [here, there]) {
      expect(await atAuth(token, auth)).toBe('ok');
      expect(outcome(await call(`${auth}/admin/roles`, { token }))).toBe('ok');
    }
    expect(await stack.verdict(token)).toBe('token_invalid');
  });
});

describe('a role that loses a scope', () => {
  it('ends the tokens that name it, at every service, and no session', async () => {
    const { scopes, role, tokens } = await newService();
    const { body: named } = await tokens(here);
    const { body: narrowed } = await tokens(there, { scope: 'account' });
    expect(await stack.verdict(named.access_token)).toBe('ok');
    await change(`roles/${role}`, { method: 'PUT', body: { scopes } }, there);
    await expect.poll(() => stack.verdict(named.access_token)).toBe('token_revoked');
    await expect.poll(() => atAuth(named.access_token)).toBe('token_revoked');
    expect(await atAuth(narrowed.access_token)).toBe('ok');
    const { body: next } = await refresh(here, named.refresh_token);
    expect(await stack.verdict(next.access_token)).toBe('insufficient_scope');
  });

  it('also ends the token of a login or refresh at the same moment', async () => {
    const { role, email } = await newService();
    const sessions = await Promise.all([here, there].map((auth) => login(auth, email)));
    const body = { scopes: [] };
    const [, ...answers] = await Promise.all([
      change(`roles/${role}`, { method: 'PUT', body }),
      ...sessions.flatMap(({ refresh_token: token }) => [
        refresh(there, token).then((answer) => answer.body),
        login(here, email),
        login(there, email),
      ]),
    ]);
    for (const { access_token: token, scope } of [...sessions, ...answers]) {
      const expected = scope.includes('orders:read') ? 'token_revoked' : 'insufficient_scope';
      await expect.poll(() => stack.verdict(token)).toBe(expected);
    }
  });
});

describe('a client of two services', () => {
  it('asks for a token for one of them, with its scopes', async () => {
    const [one, other] = [await newService(), await newService()];
    const audiences = [one.audience, other.audience];
    const scopes = [...one.scopes, ...other.scopes];
    const grants = ['client_credentials'];
    const { body } = await change('clients', { body: { name: 'x', grants, scopes, audiences } });
    const { id, secret } = body as { id: string; secret: string };
    const tokenFor = (form: Record<string, string>, more: [string, string][] = []) =>
      call<TokenResponse>(`${there}/oauth/token`, {
        body: new URLSearchParams([
          ...Object.entries({
            ...{ grant_type: 'client_credentials', client_id: id, client_secret: secret },
            ...form,
          }),
          ...more,
        ]).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    expect(says((await tokenFor({})).body)).toEqual({ aud: audiences, scope: scopes.join(' ') });
    expect(says((await tokenFor({ resource: other.audience })).body)).toEqual({
      aud: other.audience,
      scope: other.scopes.join(' '),
    });
    const wide = { resource: other.audience, scope: one.scopes[0] };
    expect(await tokenFor(wide)).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    for (const resource of ['api', 'nothing', `${other.audience}/`]) {
      expect(await tokenFor({ resource })).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      });
    }
    const both = audiences.map((resource): [string, string] => ['resource', resource]);
    expect(await tokenFor({}, both)).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });
});

it('a user’s session is refreshed at /oauth/token for a resource', async () => {
  const { audience, scopes, email } = await newService();
  const { refresh_token: token } = await login(here, email);
  const answer = await call<TokenResponse>(`${there}/oauth/token`, {
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: token,
      resource: audience,
    }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(says(answer.body)).toEqual({ aud: audience, scope: scopes.join(' ') });
});

it.each([
  ['roles/admin', { method: 'DELETE' }, 409],
  ['roles/admin', { method: 'PUT', body: { scopes: [] } }, 409],
  ['roles/user', { method: 'DELETE' }, 409],
])('auth itself keeps what it needs: %s %j', async (path, options, status) => {
  expect((await admin.call(there, path, options)).status).toBe(status);
  expect(outcome(await admin.call(here, 'roles'))).toBe('ok');
});
