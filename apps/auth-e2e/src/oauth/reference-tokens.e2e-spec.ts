import { startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { call, outcome } from '../http.js';
import { login, PASSWORD, register, type TokenResponse } from '../people.js';
import { within } from '../stack.js';
import { basic, OAuthStack, type NewClient } from './oauth-stack.js';

const REFERENCE = /^[\w-]{43}$/;
const OWN = { grant_type: 'client_credentials', token_format: 'reference' };

let stack: OAuthStack;
let service: NewClient;
/** orders with credentials of its own. That of the stack has none. */
let orders: RunningApp;

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient();
  const asker = await stack.newClient(['introspect'], []);
  orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: await freshDatabase(),
      ISSUER: stack.issuer,
      CLIENT_ID: asker.id,
      CLIENT_SECRET: asker.secret,
    },
  });
});
afterAll(() => Promise.all([orders?.stop(), stack?.stop()]));

const verdict = async (token: string) => outcome(await call(`${orders.url}/orders`, { token }));

async function referenceOf(client: NewClient): Promise<string> {
  const { body } = await stack.post('token', OWN, basic(client));
  expect(body['access_token']).toMatch(REFERENCE);
  return body['access_token'] as string;
}

async function person(claims?: object): Promise<TokenResponse & { id: string }> {
  const email = await register(stack.issuer);
  const { body } = await call<{ items: { id: string; email: string }[] }>(
    `${stack.issuer}/admin/users?limit=100`,
    { token: stack.admin },
  );
  const { id } = body.items.find((user) => user.email === email)!;
  const change = { method: 'PATCH', token: stack.admin, body: { claims } };
  if (claims) expect((await call(`${stack.issuer}/admin/users/${id}`, change)).status).toBe(200);
  const ask = { email, password: PASSWORD, token_format: claims ? 'jwt' : 'reference' };
  const tokens = await login(stack.issuer, email, PASSWORD, { body: ask });
  expect(tokens.access_token).toMatch(REFERENCE);
  return { ...tokens, id };
}

/** Long before a service would ask again. */
const expectDead = (token: string) =>
  expect.poll(() => verdict(token), within(5)).toBe('token_revoked');

describe('a reference token', () => {
  it('is as good as a JWT at a service that may introspect, and no good at others', async () => {
    for (const token of [(await person()).access_token, await referenceOf(service)]) {
      expect(await verdict(token)).toBe('ok');
      expect(await stack.verdict(token)).toBe('token_invalid');
    }
  });

  it('carries claims of up to 64 KiB, which come unasked', async () => {
    const { access_token: token } = await person({ text: 'ü'.repeat(32_000) });
    expect(await verdict(token)).toBe('ok');
  });

  it.each([
    ['that nobody made', () => 'A'.repeat(43)],
    ['that is a refresh token', async () => (await person()).refresh_token],
  ])('%s is refused', async (_what, token) => {
    expect(await verdict(await token())).toBe('token_invalid');
  });
});

describe('a reference token that a service remembers is dead there at once', () => {
  type Person = Awaited<ReturnType<typeof person>>;

  it.each<[string, (someone: Person) => Promise<unknown>]>([
    ['it is revoked', ({ access_token: token }) => stack.post('revoke', { token })],
    ['its refresh token is', ({ refresh_token: token }) => stack.post('revoke', { token })],
    [
      'its person logs out',
      ({ access_token: token }) => call(`${stack.issuer}/auth/logout`, { method: 'POST', token }),
    ],
    [
      'its person is disabled',
      ({ id }) =>
        call(`${stack.issuer}/admin/users/${id}`, {
          ...{ method: 'PATCH', token: stack.admin, body: { disabled: true } },
        }),
    ],
  ])('when %s', async (_what, end) => {
    const someone = await person();
    expect(await verdict(someone.access_token)).toBe('ok');
    await end(someone);
    await expectDead(someone.access_token);
  });

  it('when its client is deleted', async () => {
    const client = await stack.newClient();
    const token = await referenceOf(client);
    expect(await verdict(token)).toBe('ok');
    await stack.administer('DELETE', `/${client.id}`);
    await expectDead(token);
  });
});
