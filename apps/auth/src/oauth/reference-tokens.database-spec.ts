import { beforeAll, describe, expect, it } from 'vitest';

import type { CreatedClient } from '../clients/clients.schema.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';
import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
/** For the database this is another process. */
const other = AuthApp.forFile(() => ({ DATABASE_URL: auth.databaseUrl }));
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
let service: CreatedClient;

beforeAll(async () => {
  const grants = ['client_credentials', 'refresh_token', 'introspect'];
  service = await newClient({ name: 'a service', grants, scopes: ['orders:read'] });
});

type OAuthBody = Record<string, unknown>;

const REFERENCE = /^[\w-]{43}$/;
const outcome = ({ status, body }: Answer<OAuthBody>) => [status, body.error ?? body.code];

async function newClient(body: object): Promise<CreatedClient> {
  return (await auth.call<CreatedClient>('POST', '/admin/clients', { token: admin, body })).body;
}

function post(
  path: string,
  fields: Record<string, string>,
  { id, secret }: CreatedClient = service,
  app = auth,
): Promise<Answer<OAuthBody>> {
  return app.call<OAuthBody>('POST', `/oauth/${path}`, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    },
  });
}

const introspect = async (token: string, app = auth) =>
  (await post('introspect', { token }, service, app)).body;

async function login(fields: object = { token_format: 'reference' }): Promise<TokenResponse> {
  const body = { email: 'ada@example.com', password: PASSWORD, ...fields };
  const answer = await auth.call<TokenResponse>('POST', '/auth/login', { body });
  expect(answer.status).toBe(200);
  return answer.body;
}

const refreshAs = (token_format: string | undefined, refresh_token: string) =>
  auth.call<TokenResponse>('POST', '/auth/refresh', { body: { refresh_token, token_format } });

describe('a reference token', () => {
  it('is for a login that asks for it, and says what a JWT would', async () => {
    const { access_token: token, expires_in: life, token_type: type } = await login();
    expect([token, life, type]).toEqual([expect.stringMatching(REFERENCE), 900, 'Bearer']);
    const { access_token: jwt } = await login({});
    const [said, ofJwt] = [await introspect(token), await introspect(jwt)];
    expect(Object.keys(said).sort()).toEqual(Object.keys(ofJwt).sort());
    const { iat, exp, auth_time: loginAt, jti, sid, ...same } = ofJwt;
    expect(said).toMatchObject({
      ...same,
      auth_time: expect.closeTo(Number(loginAt), -1) as number,
    });
    expect(Number(said.exp) - Number(said.iat)).toBe(Number(exp) - Number(iat));
    expect([said.jti, said.sid]).not.toEqual([jti, sid]);
  });

  it('is for each refresh that asks for it, and for no other', async () => {
    const first = await login();
    const second = (await refreshAs(undefined, first.refresh_token)).body;
    expect(second.access_token.split('.')).toHaveLength(3);
    const third = (await refreshAs('reference', second.refresh_token)).body;
    expect(third.access_token).toMatch(REFERENCE);
    const form = { grant_type: 'refresh_token', token_format: 'reference' };
    const fourth = await post('token', { ...form, refresh_token: third.refresh_token });
    expect(fourth.body.access_token).toMatch(REFERENCE);
  });

  it('is the same for a refresh that is repeated, whatever it asks for then', async () => {
    const { refresh_token: token } = await login();
    const { body } = await refreshAs('reference', token);
    for (const format of ['reference', 'jwt', undefined]) {
      const {
        expires_in: left,
        refresh_expires_in,
        ...again
      } = (await refreshAs(format, token)).body;
      expect(body).toMatchObject(again);
      // As it is, not as it was (RFC 6749 section 5.1).
      expect(left).toBeLessThanOrEqual(body.expires_in);
      expect(refresh_expires_in).toBeLessThanOrEqual(body.refresh_expires_in);
    }
    expect(await introspect(body.access_token)).toMatchObject({ active: true });
  });

  it('is for a client that asks for it', async () => {
    const form = { grant_type: 'client_credentials', token_format: 'reference' };
    const { body } = await post('token', form);
    expect(body.access_token).toMatch(REFERENCE);
    const said = await introspect(String(body.access_token));
    expect(said).toMatchObject({ active: true, sub: service.id, client_id: service.id });
    expect(said).not.toHaveProperty('sid');
  });

  it.each(['opaque', 'JWT', ' '])('is not had by asking for %j', async (token_format) => {
    const { refresh_token } = await login();
    const user = { email: 'ada@example.com', password: PASSWORD, token_format };
    const answers = [
      await auth.call<OAuthBody>('POST', '/auth/login', { body: user }),
      await auth.call<OAuthBody>('POST', '/auth/refresh', {
        body: { refresh_token, token_format },
      }),
      await post('token', { grant_type: 'client_credentials', token_format }),
      await post('token', { grant_type: 'refresh_token', refresh_token, token_format }),
    ];
    expect(answers.map(outcome)).toEqual([
      ...[
        [400, 'invalid_input'],
        [400, 'invalid_input'],
      ],
      ...[
        [400, 'invalid_request'],
        [400, 'invalid_request'],
      ],
    ]);
    // Nothing was spent.
    expect((await refreshAs('jwt', refresh_token)).status).toBe(200);
  });

  it('is what a user gets whose claims do not fit into a JWT, with all of them', async () => {
    const claims = { text: 'ü'.repeat(30_000), deep: [{ a: { b: [1, null, true] } }] };
    const { body: user } = await auth.register('oversize@example.com');
    const path = `/admin/users/${user.id}`;
    const { status } = await auth.call('PATCH', path, { token: admin, body: { claims } });
    expect(status).toBe(200);
    const first = await auth.login('oversize@example.com');
    const { body: second } = await refreshAs('jwt', first.refresh_token);
    for (const { access_token: token } of [first, second]) {
      expect(token).toMatch(REFERENCE);
      expect((await introspect(token)).claims).toEqual(claims);
    }
  });

  it('is known to every process', async () => {
    const { access_token: token } = await login();
    expect(await introspect(token, other)).toMatchObject({ active: true });
  });

  it('opens what a JWT opens here, as long as it lives', async () => {
    const { access_token: token, refresh_token: refreshToken } = await login();
    for (const app of [auth, other]) {
      const { status, body } = await app.call<OAuthBody>('GET', '/auth/me', { token });
      expect([status, body.email]).toEqual([200, 'ada@example.com']);
    }
    expect((await auth.call('GET', '/admin/users', { token })).body.code).toBe('insufficient_role');
    expect((await auth.call('POST', '/auth/logout', { token })).status).toBe(204);
    expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
    const refused = { token: refreshToken };
    expect((await auth.call('GET', '/auth/me', refused)).body.code).toBe('token_invalid');
  });
});

describe('a reference token is dead everywhere at once', () => {
  type Ending = (tokens: TokenResponse, said: OAuthBody) => Promise<unknown>;
  const change = (id: unknown, body: object) =>
    auth.call('PATCH', `/admin/users/${String(id)}`, { token: admin, body });

  it.each<[string, Ending]>([
    ['its own revocation', ({ access_token: token }) => post('revoke', { token })],
    ['the end of its refresh token', ({ refresh_token: token }) => post('revoke', { token })],
    [
      'an administrator',
      (_, { jti: id }) =>
        auth.call('POST', '/admin/revocations', { token: admin, body: { kind: 'jti', id } }),
    ],
    [
      'the end of its session',
      (_, { sid: id }) =>
        auth.call('POST', '/admin/revocations', { token: admin, body: { kind: 'sid', id } }),
    ],
    ['another role', (_, { sub }) => change(sub, { roles: [] })],
    ['other claims', (_, { sub }) => change(sub, { claims: { tenant: 'blue' } })],
    ['disabling its user', (_, { sub }) => change(sub, { disabled: true })],
  ])('by %s', async (_what, end) => {
    const { email } = (await auth.register(`${Math.random()}@example.com`)).body;
    const tokens = await login({ email, token_format: 'reference' });
    const said = await introspect(tokens.access_token);
    expect(said).toMatchObject({ active: true });
    expect(await end(tokens, said)).toMatchObject({ status: expect.any(Number) as number });
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    expect(await introspect(tokens.access_token, other)).toEqual({ active: false });
  });

  it('by the end of its client', async () => {
    const doomed = await newClient({ name: 'x', grants: ['client_credentials'], scopes: [] });
    const form = { grant_type: 'client_credentials', token_format: 'reference' };
    const token = String((await post('token', form, doomed)).body.access_token);
    expect(await introspect(token, other)).toMatchObject({ active: true });
    await auth.call('DELETE', `/admin/clients/${doomed.id}`, { token: admin });
    expect(await introspect(token, other)).toEqual({ active: false });
  });

  it('by its age, without tolerance', async () => {
    const { access_token: token } = await login();
    auth.clock.advance(901_000);
    expect(await introspect(token)).toEqual({ active: false });
    auth.clock.reset();
  });
});
