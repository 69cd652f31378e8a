import { call, DEMO } from '@jwt-auth/dev-stack';
import { beforeAll, expect, it } from 'vitest';

import { login, newSession } from '../users.js';
import { basic, OAuthStack, posted, type NewClient } from './oauth-stack.js';

type Metadata = Record<string, string | string[]>;

let stack: OAuthStack;
let service: NewClient;
let metadata: Metadata;

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient();
  ({ body: metadata } = await call<Metadata>(
    `${stack.issuer}/.well-known/oauth-authorization-server`,
  ));
});

const endpoints = () => Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint'));
const pathOf = (url: unknown) => String(url).replace(stack.issuer, '');
const ENDPOINTS = ['token', 'revocation', 'introspection'] as const;

it('lists every endpoint under /oauth/, and all of them answer', async () => {
  const { body } = await call<{ paths: Record<string, object> }>(`${stack.issuer}/docs-json`);
  const documented = Object.keys(body.paths).filter((path) => path.startsWith('/oauth/'));
  expect(
    endpoints()
      .map(([, url]) => pathOf(url))
      .sort(),
  ).toEqual(documented.sort());
  for (const [, url] of endpoints()) {
    const { status } = await call(String(url), { method: 'POST' });
    expect(status).toBe(400);
  }
  for (const name of ['jwks_uri', 'revocation_feed']) {
    expect((await call(String(metadata[name]))).status).toBe(200);
  }
});

it.each(ENDPOINTS)('lists how clients authenticate at the %s endpoint', async (name) => {
  const { access_token: token, refresh_token: next } = await newSession(stack.issuer);
  const form: Record<string, string> =
    name === 'token' ? { grant_type: 'refresh_token', refresh_token: next } : { token };
  const path = pathOf(metadata[`${name}_endpoint`]).replace('/oauth/', '');
  const works = {
    client_secret_basic: await stack.post(path, form, basic(service)),
    client_secret_post: await stack.post(path, { ...form, ...posted(service) }),
    none: await stack.post(path, { ...form, client_id: 'web' }),
  };
  const working = Object.entries(works).filter(([, { status }]) => status === 200);
  expect(metadata[`${name}_endpoint_auth_methods_supported`]).toEqual(
    working.map(([method]) => method),
  );
});

it('lists every grant', async () => {
  const { refresh_token: token } = await newSession(stack.issuer);
  const parameters: Record<string, Record<string, string>> = {
    client_credentials: {},
    refresh_token: { refresh_token: token },
  };
  expect(metadata['grant_types_supported']).toEqual(Object.keys(parameters));
  for (const [grant, rest] of Object.entries(parameters)) {
    const form = { grant_type: grant, ...rest };
    expect((await stack.post('token', form, basic(service))).status).toBe(200);
  }
});

it('lists all that an administrator may do as the scopes', async () => {
  const { scope } = await login(stack.issuer, DEMO.admin.email, DEMO.password);
  expect(metadata['scopes_supported']).toEqual(scope.split(' '));
});

it('lists no response type, as there is no authorization endpoint', async () => {
  expect(metadata['response_types_supported']).toEqual([]);
  expect(metadata['authorization_endpoint']).toBeUndefined();
  for (const path of ['/authorize', '/oauth/authorize', '/.well-known/openid-configuration']) {
    expect((await call(stack.issuer + path)).status).toBe(404);
  }
});
