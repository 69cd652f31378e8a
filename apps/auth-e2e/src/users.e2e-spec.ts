import { call, outcome, DEMO } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decode,
  login,
  newEmail,
  newSession,
  PASSWORD,
  refresh,
  register,
  tryLogin,
} from './users.js';
import { Stack } from './stack.js';

let stack: Stack;
let auth: string;

beforeAll(async () => {
  stack = await Stack.shared();
  auth = stack.auth();
});

const tryToRegister = (email: unknown, password: unknown = PASSWORD) =>
  call(`${auth}/auth/register`, { body: { email, password } });

describe('registering', () => {
  it('answers with the user, without the password', async () => {
    const email = newEmail();
    const { status, headers, body } = await tryToRegister(email);
    expect(status).toBe(201);
    expect(headers.get('x-request-id')).toMatch(/\S/);
    expect(Object.keys(body).sort()).toEqual(['createdAt', 'email', 'id', 'roles']);
    expect(body).toMatchObject({ email, roles: ['user'] });
    expect(body['id']).toMatch(/^[\da-f-]{36}$/);
    expect(Math.abs(Date.parse(body['createdAt'] as string) - Date.now())).toBeLessThan(60_000);
  });

  it('gives an e-mail to one user, whatever its case, also at the same moment', async () => {
    const email = newEmail();
    const spellings = Array.from({ length: 8 }, (_, i) => (i % 2 ? email : email.toUpperCase()));
    const answers = await Promise.all(spellings.map((spelling) => tryToRegister(spelling)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array<number>(7).fill(409),
    ]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body['code']).toBe('email_taken');
  });

  it.each([
    ['no e-mail', undefined, PASSWORD],
    ['an e-mail without a domain', 'ada', PASSWORD],
    ['an e-mail of 255 characters', `${'a'.repeat(243)}@example.com`, PASSWORD],
    ['a list of e-mails', ['ada@example.com'], PASSWORD],
    ['no password', newEmail(), undefined],
    ['a number for a password', newEmail(), 123_456_789_012],
    ['a password of 11 characters', newEmail(), 'x4!'.repeat(4).slice(1)],
    ['11 characters that take 44 bytes', newEmail(), '\u{1F426}'.repeat(11)],
    ['a password of 129 characters', newEmail(), 'x4!'.repeat(43)],
    ['one of the commonest passwords', newEmail(), 'passwordpassword'],
    ['a common password in capitals', newEmail(), 'PASSWORDPASSWORD'],
    ['a common password in wide letters', newEmail(), 'ｐａｓｓｗｏｒｄpassword'],
    ['half a character', newEmail(), `${PASSWORD}\ud83d`],
  ])('refuses %s and says where it is wrong', async (_name, email, password) => {
    const { status, headers, body } = await call(`${auth}/auth/register`, {
      body: { email, password },
    });
    expect([status, body['code']]).toEqual([400, 'invalid_input']);
    expect(headers.get('content-type')).toMatch('application/problem+json');
    const paths = (body['errors'] as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual([password === PASSWORD ? 'email' : 'password']);
    if (typeof password === 'string') expect(JSON.stringify(body)).not.toContain(password);
  });

  it.each([
    ['a body over 16 KiB', 'x'.repeat(17_000), 'application/json', 413, 'body_too_large'],
    ['a form', 'email=ada', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['broken JSON', '{"email":', 'application/json', 400, 'invalid_input'],
    ['no JSON at all', '', 'application/json', 400, 'invalid_input'],
    ['a list', '[]', 'application/json', 400, 'invalid_input'],
    ['a prototype', '{"__proto__":{}}', 'application/json', 400, 'invalid_input'],
  ])('refuses %s', async (_name, body, type, status, code) => {
    const answer = await call(`${auth}/auth/register`, { body, headers: { 'content-type': type } });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  });

  it('does not let users choose their roles', async () => {
    const body = { email: newEmail(), password: PASSWORD, roles: ['admin'] };
    await call(`${auth}/auth/register`, { body });
    const answer = await tryLogin(auth, body.email);
    expect(answer.body.scope ?? '').not.toContain('admin');
  });
});

describe('logging in', () => {
  it('answers as RFC 6749 says, with no-store', async () => {
    const { status, headers, body } = await tryLogin(auth, await register(auth));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body).sort()).toEqual([
      'access_token',
      'expires_in',
      'refresh_expires_in',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      refresh_expires_in: 30 * 86_400,
      scope: 'orders:read orders:write account',
    });
    expect(Buffer.from(body.refresh_token, 'base64url')).toHaveLength(32);
    expect(await stack.verdict(body.access_token)).toBe('ok');
  });

  it('has the same answer for an unknown e-mail as for a wrong password', async () => {
    const known = await tryLogin(auth, await register(auth), 'not the password');
    const unknown = await tryLogin(auth, newEmail(), 'not the password');
    expect([known.status, known.body['code']]).toEqual([401, 'invalid_credentials']);
    expect(unknown.status).toBe(401);
    expect(unknown.body).toEqual(known.body);
    const names = (headers: Headers) => [...headers.keys()].sort();
    expect(names(unknown.headers)).toEqual(names(known.headers));
    expect(unknown.headers.get('www-authenticate')).toBe(known.headers.get('www-authenticate'));
    expect(known.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('accepts an e-mail in any case, and a password in any Unicode form of the same characters', async () => {
    const email = newEmail();
    await tryToRegister(email, 'cr\u00e8me br\u00fbl\u00e9e at nine');
    const decomposed = 'cre\u0300me bru\u0302le\u0301e at nine';
    expect((await tryLogin(auth, email.toUpperCase(), decomposed)).status).toBe(200);
    expect((await tryLogin(auth, email, 'Cr\u00e8me br\u00fbl\u00e9e at nine')).status).toBe(401);
  });

  it.each([
    ['one scope', 'orders:read', 'orders:read'],
    ['scopes in another order', 'orders:write orders:read', 'orders:read orders:write'],
    ['a scope that the user does not have', 'admin orders:read', 'orders:read'],
    ['a scope that is a part of one', 'orders', ''],
  ])('asked for %s narrows and never widens', async (_name, scope, granted) => {
    const email = await register(auth);
    const { body } = await call(`${auth}/auth/login`, {
      body: { email, password: PASSWORD, scope },
    });
    expect(body['scope']).toBe(granted);
    const { payload } = decode(body['access_token'] as string);
    expect(payload['scope']).toBe(granted);
  });

  it.each([
    ['no password', { email: 'ada@example.com' }],
    ['an empty password', { email: 'ada@example.com', password: '' }],
    ['a scope with a zero byte', { ...DEMO.ada, scope: 'orders:read\0' }],
    ['an object for an e-mail', { email: { $ne: '' }, password: PASSWORD }],
    [
      'a scope of 1025 characters',
      { email: 'a@b.cc', password: PASSWORD, scope: 'x'.repeat(1025) },
    ],
  ])('refuses %s', async (_name, body) => {
    expect(outcome(await call(`${auth}/auth/login`, { body }))).toBe('invalid_input');
  });

  it('takes no credentials from the query', async () => {
    const email = await register(auth);
    const query = new URLSearchParams({ email, password: PASSWORD }).toString();
    const answer = await call(`${auth}/auth/login?${query}`, { body: {} });
    expect(answer.status).toBe(400);
  });
});

describe('an access token at auth itself', () => {
  it('reports who the user is, and what the token may do', async () => {
    const { email, access_token: token } = await newSession(auth);
    const { status, body } = await call(`${auth}/auth/me`, { token });
    expect(status).toBe(200);
    const { sub, sid } = decode(token).payload;
    expect(body).toEqual({
      id: sub,
      email,
      emailVerified: false,
      roles: ['user'],
      scope: 'orders:read orders:write account',
      sessionId: sid,
    });
  });

  it.each([
    ['GET', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['DELETE', '/auth/sessions/00000000-0000-4000-8000-000000000000'],
    ['POST', '/auth/logout'],
    ['POST', '/auth/logout-everywhere'],
    ['PUT', '/auth/password'],
    ['GET', '/admin/keys'],
  ])('is required by %s %s', async (method, path) => {
    const missing = await call(auth + path, { method });
    expect([missing.status, missing.body['code']]).toEqual([401, 'token_missing']);
    expect(missing.headers.get('www-authenticate')).toBe('Bearer');
    expect(missing.headers.get('content-type')).toMatch('application/problem+json');
    const wrong = await call(auth + path, { method, token: 'e30.e30.e30' });
    expect([wrong.status, wrong.body['code']]).toEqual([401, 'token_invalid']);
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it.each(['%00', 'a%20b'])('finds no key by %s', async (kid) => {
    const { access_token: token } = await login(auth, DEMO.admin.email, DEMO.password);
    const answer = await call(`${auth}/admin/keys/${kid}/withdraw`, { method: 'POST', token });
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_input']);
  });

  it('of a user who is not an administrator opens no route under /admin', async () => {
    const { access_token: token } = await newSession(auth);
    const { status, headers, body } = await call(`${auth}/admin/keys`, { token });
    expect([status, body['code']]).toEqual([403, 'insufficient_role']);
    expect(headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="admin"',
    );
  });
});

describe('logging out', () => {
  it('takes effect at auth at once and at orders soon, and keeps other sessions', async () => {
    const { email, access_token: token, refresh_token: refreshToken } = await newSession(auth);
    const other = await login(auth, email);
    expect(await stack.verdict(token)).toBe('ok');

    const { status, body } = await call(`${auth}/auth/logout`, { method: 'POST', token });
    expect([status, body]).toEqual([204, undefined]);

    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    await expect
      .poll(async () => outcome(await call(`${auth}/auth/me`, { token })))
      .toBe('token_revoked');
    expect(outcome(await refresh(auth, refreshToken))).toBe('refresh_token_invalid');
    expect(await stack.verdict(other.access_token)).toBe('ok');
  });
});

describe('the log', () => {
  it('reveals no private data of users', async () => {
    const { email, access_token: token, refresh_token: refreshToken } = await newSession(auth);
    await refresh(auth, refreshToken);
    await tryLogin(auth, email, 'not the password');
    await call(`${auth}/auth/me?access_token=${token}&email=${email}`, { token });
    await call(`${auth}/${email}/${refreshToken}`);
    const { headers } = await call(`${auth}/auth/me`, { token });

    await expect.poll(() => stack.log()).toContain(headers.get('x-request-id'));
    for (const secret of [token, refreshToken, email, PASSWORD, 'not the password', '@example.']) {
      expect(stack.log()).not.toContain(secret.slice(0, 40));
    }
  });
});
