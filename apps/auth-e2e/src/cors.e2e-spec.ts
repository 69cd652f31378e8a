import { beforeAll, expect, it } from 'vitest';
import { PAGE_ORIGIN, Stack } from './stack.js';
import { newSession } from './users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.shared();
});

/** From a page of this origin, without credentials. */
const from = (origin: string, url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, origin } });

const FORM = { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials' }) };
const JSON_TYPE = { 'content-type': 'application/json' };

it.each<[string, number, RequestInit?]>([
  ['/.well-known/jwks.json', 200],
  ['/.well-known/oauth-authorization-server', 200],
  ['/revocations', 200],
  ['/health/ready', 200],
  ['/auth/me', 401],
  ['/oauth/token', 401, FORM],
  ['/oauth/token', 415, { method: 'POST', body: 'text' }],
  ['/auth/login', 400, { method: 'POST', headers: JSON_TYPE, body: '{}' }],
  ['/nowhere', 404],
])('a listed page reads what auth answers at %s (%i), and no other page', async (...route) => {
  const [path, status, init] = route;
  const listed = await from(PAGE_ORIGIN, `${stack.auth()}${path}`, init);
  expect(listed.status).toBe(status);
  expect(listed.headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);
  expect(listed.headers.get('access-control-expose-headers')).toBe(
    'x-request-id, WWW-Authenticate, Retry-After',
  );
  const other = await from('https://evil.example', `${stack.auth()}${path}`, init);
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
  for (const { headers } of [listed, other]) expect(headers.get('vary')).toBe('Origin');
});

it('a listed page reads why orders refuses it, and may send an idempotency key', async () => {
  const { access_token: token } = await newSession(stack.auth());
  const orders = `${stack.orders}/orders`;
  const authorization = `Bearer ${token}`;
  const answers = [
    await from(PAGE_ORIGIN, orders),
    await from(PAGE_ORIGIN, `${orders}?customerId=ada`, { headers: { authorization } }),
    await from(PAGE_ORIGIN, orders, { headers: { authorization } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 403, 200]);
  for (const { headers } of answers) {
    expect(headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);
    expect(headers.get('vary')).toBe('Origin');
    // orders reads no cookie.
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  }
  const preflight = await from(PAGE_ORIGIN, orders, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
  expect(preflight.headers.get('access-control-max-age')).toBe('7200');
});
