import { randomBytes } from 'node:crypto';
import { call, type Answer, DEMO } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { Administrator, type User } from './administrator.js';
import { login, PASSWORD, refresh, type TokenResponse } from './users.js';
import { Stack } from './stack.js';

let stack: Stack;
let admin: Administrator;

beforeAll(async () => {
  stack = await Stack.shared();
  admin = await Administrator.login(stack.auth());
});

const REFERENCE = /^[\w-]{43}$/;
const TEA = { currency: 'EUR', items: [{ sku: 'tea', quantity: 1, unitPrice: 450 }] };

/** At an auth process, as the client that orders is. */
function post(path: string, fields: Record<string, string>, process = 0): Promise<Answer> {
  const secret = stack.env['DEMO_CLIENT_SECRET'];
  return call(`${stack.auth(process)}/oauth/${path}`, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${DEMO.clientId}:${secret}`).toString('base64')}`,
    },
  });
}

const introspect = async (token: string, process = 0) =>
  (await post('introspect', { token }, process)).body;

async function loginAs({ email }: User, process = 0): Promise<TokenResponse> {
  const body = { email, password: PASSWORD, token_format: 'reference' };
  return login(stack.auth(process), email, PASSWORD, { body });
}

async function ownToken(process = 0): Promise<string> {
  const form = { grant_type: 'client_credentials', token_format: 'reference' };
  return String((await post('token', form, process)).body['access_token']);
}

const someone = () => admin.makeUser(stack.auth());

it('is resolved in the trace of the request that carries it', async () => {
  const traceId = randomBytes(16).toString('hex');
  const { access_token: token } = await loginAs(await someone());
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  expect((await call(`${stack.orders}/orders`, { token, headers })).status).toBe(200);
  const linesOf = (log: string) => log.split('\n').filter((line) => line.includes(traceId));
  await expect.poll(() => linesOf(stack.ordersProcess.log())).toHaveLength(1);
  await expect
    .poll(() => linesOf(stack.log()).join())
    .toMatch(/"trace_id":"[\da-f]{32}".*"http.route":"\/oauth\/introspect"/);
});

describe('a reference token', () => {
  type Giver = (user: User, process: number) => Promise<string>;

  it.each<[string, Giver]>([
    ['a login', async (user, process) => (await loginAs(user, process)).access_token],
    [
      'a refresh',
      async (user, process) => {
        const { refresh_token } = await loginAs(user, process);
        const body = { refresh_token, token_format: 'reference' };
        const renewed = await refresh(stack.auth(process), refresh_token, { body });
        return renewed.body.access_token;
      },
    ],
    [
      'a refresh at the token endpoint',
      async (user, process) => {
        const { refresh_token: token } = await loginAs(user, process);
        const form = { grant_type: 'refresh_token', refresh_token: token };
        const renewed = await call<TokenResponse>(`${stack.auth(process)}/oauth/token`, {
          body: new URLSearchParams({ ...form, token_format: 'reference' }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        return renewed.body.access_token;
      },
    ],
    ['client_credentials', (_person, process) => ownToken(process)],
  ])('of %s is good at orders and at every auth process', async (_what, give) => {
    const user = await someone();
    for (const [giver, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const token = await give(user, giver);
      expect(token).toMatch(REFERENCE);
      expect(await stack.verdict(token)).toBe('ok');
      expect(await introspect(token, other)).toMatchObject({ active: true, aud: 'api' });
    }
  });

  it('is issued by default to a user with many claims, and works', async () => {
    const user = await someone();
    const claims = { rights: Array.from({ length: 800 }, (_, right) => `right-${right}`) };
    expect(JSON.stringify(claims).length).toBeGreaterThan(8 * 1024);
    const change = { method: 'PATCH', body: { claims } };
    expect((await admin.call(stack.auth(), `users/${user.id}`, change)).status).toBe(200);
    const { access_token: token, refresh_token: next } = await login(stack.auth(1), user.email);
    expect(token).toMatch(REFERENCE);
    expect((await call(`${stack.orders}/orders`, { token, body: TEA })).status).toBe(201);
    expect(await introspect(token)).toMatchObject({ active: true, sub: user.id, claims });
    expect((await refresh(stack.auth(), next)).body.access_token).toMatch(REFERENCE);
  });

  it('is in the database only as a hash', async () => {
    const { access_token: token } = await loginAs(await someone());
    const { jti } = await introspect(token);
    const rows = await stack.query(
      `SELECT r::text, encode(hash, 'base64') FROM reference_tokens r WHERE claims->>'jti' = $1`,
      [jti],
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token);
    const bytes = Buffer.from(token, 'base64url');
    expect(JSON.stringify(rows)).not.toContain(bytes.toString('hex'));
    expect(stack.log()).not.toContain(token);
  });

  it('is refused after it has expired', async () => {
    const { access_token: token } = await loginAs(await someone());
    const { jti } = await introspect(token);
    await stack.query(
      `UPDATE reference_tokens SET expires_at = to_timestamp(past),
         claims = claims || jsonb_build_object('exp', past)
       FROM (SELECT extract(epoch FROM now())::int - 60 AS past) AS moment
       WHERE claims->>'jti' = $1`,
      [jti],
    );
    expect(await introspect(token, 1)).toEqual({ active: false });
    expect(await stack.verdict(token)).toMatch(/^token_(expired|invalid)$/);
  });
});

describe('a reference token that orders remembers is refused there', () => {
  const administer = (path: string, body: object, method = 'PATCH') =>
    admin.call(stack.auth(1), path, { method, body });
  type Ending = (user: User, tokens: TokenResponse) => Promise<unknown>;

  it.each<[string, Ending]>([
    ['with another role', ({ id }) => administer(`users/${id}`, { roles: ['user', 'admin'] })],
    ['with other claims', ({ id }) => administer(`users/${id}`, { claims: { tenant: 'blue' } })],
    ['when its user is disabled', ({ id }) => administer(`users/${id}`, { disabled: true })],
    [
      'at the logout everywhere, with itself, at another process',
      (_, { access_token: token }) =>
        call(`${stack.auth(1)}/auth/logout-everywhere`, { method: 'POST', token }),
    ],
    [
      'by its id alone',
      async (_, { access_token: token }) => {
        const { jti: id } = await introspect(token);
        return administer('revocations', { kind: 'jti', id }, 'POST');
      },
    ],
    [
      'when its holder revokes it',
      (_, { access_token: token }) =>
        call(`${stack.auth(1)}/oauth/revoke`, {
          body: new URLSearchParams({ token }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
    ],
  ])('%s', async (_how, end) => {
    const user = await someone();
    const tokens = await loginAs(user);
    expect(await stack.verdict(tokens.access_token)).toBe('ok');
    await end(user, tokens);
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    await expect.poll(() => stack.verdict(tokens.access_token)).toBe('token_revoked');
  });

  it('when its client changes, and a new one is good at once', async () => {
    const token = await ownToken();
    expect(await stack.verdict(token)).toBe('ok');
    await administer(`clients/${DEMO.clientId}`, { claims: { tenant: 'blue' } });
    const next = await ownToken();
    expect(await stack.verdict(next)).toBe('ok');
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    expect(await stack.verdict(next)).toBe('ok');
  });
});
