import { randomUUID } from 'node:crypto';
import { call, outcome } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { Administrator, type User } from './administrator.js';
import {
  decode,
  login,
  newEmail,
  newSession,
  PASSWORD,
  refresh,
  tryLogin,
  type TokenResponse,
} from './users.js';
import { Stack } from './stack.js';

let stack: Stack;
let here: string;
let there: string;
let admin: Administrator;
/** The token of a user who is not an administrator. */
let nobody: string;

beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
  admin = await Administrator.login(here);
  ({ access_token: nobody } = await newSession(there));
});

const make = (body: unknown) => admin.call<User>(here, 'users', { body });
const payloadOf = ({ access_token: token }: TokenResponse) => decode(token).payload;

/** A user with a session at each process. */
async function userWithSessions(): Promise<User & { sessions: [TokenResponse, TokenResponse] }> {
  const user = await admin.makeUser(here);
  return { ...user, sessions: [await login(here, user.email), await login(there, user.email)] };
}

describe('creating a user', () => {
  it('gives the user the requested roles, each once, and the user can log in', async () => {
    const email = newEmail();
    const roles = ['admin', 'user', 'admin'];
    const { status, body } = await make({ email, password: PASSWORD, roles });
    expect(status).toBe(201);
    const { id, createdAt, ...rest } = body;
    expect(rest).toEqual({
      email,
      emailVerified: false,
      roles: ['user', 'admin'],
      disabled: false,
      claims: {},
    });
    expect([id, createdAt]).toEqual([
      expect.stringMatching(/^[\da-f-]{36}$/),
      expect.stringMatching(/Z$/),
    ]);
    const session = await login(there, email);
    expect(session.scope).toBe('orders:read orders:write admin account');
    expect(payloadOf(session)).toMatchObject({ sub: id, roles: ['user', 'admin'] });
  });

  it('requested many times at once creates one', async () => {
    const body = { email: newEmail(), password: PASSWORD };
    const answers = await Promise.all(
      [here, there, here, there].map((auth) => admin.call(auth, 'users', { body })),
    );
    expect(answers.map(outcome).sort()).toEqual([...Array<string>(3).fill('email_taken'), 'ok']);
  });

  const email = 'somebody@example.com';
  it.each([
    ['no e-mail', { password: PASSWORD }, 400],
    ['a number for an e-mail', { email: 1, password: PASSWORD }, 400],
    ['no password', { email }, 400],
    ['a short password', { email, password: 'short' }, 400],
    ['one of the commonest passwords', { email, password: 'password1234' }, 400],
    ['a role that there is not', { email, password: PASSWORD, roles: ['root'] }, 400],
    ['a text for the roles', { email, password: PASSWORD, roles: 'admin' }, 400],
    ['an unknown member', { email, password: PASSWORD, isAdmin: true }, 400],
    ['a list for a body', [{ email, password: PASSWORD }], 400],
    ['broken JSON', '{"email":', 400],
    ['a member that changes the prototype', `{"email":"${email}","__proto__":{}}`, 400],
    ['a body of 17 KiB', { email, password: 'x'.repeat(17_000) }, 413],
  ])('is refused with %s', async (_name, body, status) => {
    const answer = await make(body);
    const code = status === 413 ? 'body_too_large' : 'invalid_input';
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(await stack.query('SELECT FROM users WHERE email = $1', [email])).toEqual([]);
  });
});

describe('the list of users', () => {
  it('shows everyone once over both processes, also while more are added', async () => {
    for (let i = 0; i < 5; i++) await admin.makeUser(here);
    const known = await stack.query<{ id: string }>(
      'SELECT id FROM users ORDER BY created_at DESC, id DESC',
    );
    const seen: string[] = [];
    for await (const items of admin.pages<User>([here, there], 'users', 3)) {
      expect(items.length).toBeLessThanOrEqual(3);
      seen.push(...items.map(({ id }) => id));
      await admin.makeUser(there);
    }
    expect(seen).toEqual(known.map(({ id }) => id));
  });

  it('shows no password', async () => {
    const { items } = (await admin.call<{ items: User[] }>(here, 'users')).body;
    expect(new Set(items.flatMap((user) => Object.keys(user)))).toEqual(
      new Set(['id', 'email', 'emailVerified', 'roles', 'disabled', 'claims', 'createdAt']),
    );
  });

  it.each([
    ['a limit of nothing', 'limit=0'],
    ['a limit over 100', 'limit=101'],
    ['a limit that is no whole number', 'limit=1e1'],
    ['two limits', 'limit=5&limit=6'],
    ['an empty cursor', 'cursor='],
    ['a cursor that is none', 'cursor=x'],
    ['a cursor of a zero byte', 'cursor=%00'],
    ['a cursor of 4097 characters', `cursor=${'x'.repeat(4097)}`],
    ['a cursor of their own', `cursor=${Buffer.from('["now",""]').toString('base64url')}`],
    ['an unknown parameter', 'offset=5'],
  ])('is refused with %s', async (_name, query) => {
    const { status, body } = await admin.call(here, `users?${query}`);
    expect([status, body['code']]).toEqual([400, 'invalid_input']);
  });
});

describe('disabling a user', () => {
  it('at one process ends all sessions of the user, at the other and at orders', async () => {
    const { id, sessions } = await userWithSessions();
    for (const { access_token: token } of sessions) expect(await stack.verdict(token)).toBe('ok');

    const { status, body } = await admin.changeUser(here, id, { disabled: true });
    expect([status, body.disabled]).toEqual([200, true]);

    for (const { access_token: token, refresh_token: refreshToken } of sessions) {
      expect(outcome(await refresh(there, refreshToken))).toBe('refresh_token_invalid');
      await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    }
  });

  it('keeps the user out until enabled, and restores no old session', async () => {
    const { id, email, sessions } = await userWithSessions();
    await admin.changeUser(here, id, { disabled: true });
    const refused = await tryLogin(there, email);
    expect([refused.status, refused.body['code']]).toEqual([401, 'invalid_credentials']);

    expect((await admin.changeUser(there, id, { disabled: false })).body.disabled).toBe(false);
    const { access_token: token } = await login(here, email);
    expect(await stack.verdict(token)).toBe('ok');
    for (const { access_token: old, refresh_token: refreshToken } of sessions) {
      expect(outcome(await refresh(here, refreshToken))).toBe('refresh_token_invalid');
      await expect.poll(() => stack.verdict(old)).toBe('token_revoked');
    }
  });
});

describe('other roles or claims', () => {
  const claims = { tenant: 'blue', levels: [1, { top: null }] };
  it.each([
    ['roles', { roles: ['user', 'admin'] }],
    ['claims', { claims }],
  ])('end the access tokens by jti, and the next refresh carries the new %s', async (_, body) => {
    const { id, sessions } = await userWithSessions();
    expect((await admin.changeUser(here, id, body)).body).toMatchObject(body);

    for (const session of sessions) {
      await expect.poll(() => stack.verdict(session.access_token)).toBe('token_revoked');
      const renewed = await refresh(there, session.refresh_token);
      expect(renewed.status).toBe(200);
      expect(payloadOf(renewed.body)).toMatchObject({ ...body, sid: payloadOf(session)['sid'] });
      expect(await stack.verdict(renewed.body.access_token)).toBe('ok');
    }
    const { entries } = (await call<{ entries: object[] }>(`${there}/revocations`)).body;
    for (const { jti, sid } of sessions.map(payloadOf)) {
      expect(entries).toContainEqual(expect.objectContaining({ kind: 'jti', id: jti }));
      expect(entries).not.toContainEqual(expect.objectContaining({ id: sid }));
    }
  });

  it('leave no valid token with the old ones, also after refreshes at the same moment', async () => {
    const { id, sessions } = await userWithSessions();
    const [answers] = await Promise.all([
      Promise.all(sessions.map((session, i) => refresh(i ? here : there, session.refresh_token))),
      admin.changeUser(there, id, { roles: [] }),
    ]);
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      const { roles } = payloadOf(body) as { roles: string[] };
      // Before the change, or after it.
      const expected = roles.length > 0 ? 'token_revoked' : 'insufficient_scope';
      await expect.poll(() => stack.verdict(body.access_token)).toBe(expected);
    }
  });

  it('that are the same as before end nothing', async () => {
    const { id, sessions } = await userWithSessions();
    await admin.changeUser(here, id, { roles: ['user'], claims: {}, disabled: false });
    await admin.changeUser(here, id, {});
    for (const { access_token: token } of sessions) expect(await stack.verdict(token)).toBe('ok');
  });

  it('take away the rights of an administrator at once', async () => {
    const { id, email } = await admin.makeUser(here);
    await admin.changeUser(here, id, { roles: ['user', 'admin'] });
    const session = await login(here, email);
    const look = (token: string) => call(`${there}/admin/users`, { token }).then(outcome);
    expect(await look(session.access_token)).toBe('ok');
    await admin.changeUser(here, id, { roles: ['user'] });
    await expect.poll(() => look(session.access_token)).toBe('token_revoked');
    const { body } = await refresh(there, session.refresh_token);
    expect(await look(body.access_token)).toBe('insufficient_role');
  });

  it.each([
    ['a text for a flag', { disabled: 'true' }, 400],
    ['a role that there is not', { roles: ['root'] }, 400],
    ['an unknown member', { email: 'other@example.com' }, 400],
    ['a list for claims', { claims: [] }, 400],
    ['null for claims', { claims: null }, 400],
    ['claims over 64 KiB', { claims: { a: 'x'.repeat(65_536) } }, 400],
    ['claims that Postgres cannot keep', { claims: { a: '\0' } }, 400],
    ['claims that change the prototype', '{"claims":{"__proto__":{"isAdmin":true}}}', 400],
    ['claims that change a constructor', '{"claims":{"constructor":{"prototype":{}}}}', 400],
    ['a body of 200 KiB', { claims: { a: 'x'.repeat(200_000) } }, 413],
  ])('are refused with %s', async (_name, body, status) => {
    const answer = await admin.changeUser(here, decode(nobody).payload['sub'], body);
    const code = status === 413 ? 'body_too_large' : 'invalid_input';
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(await stack.verdict(nobody)).toBe('ok');
  });

  it.each([randomUUID(), 'nobody', '__proto__'])('are refused for %s', async (id) => {
    const { status, body } = await admin.changeUser(here, id, { disabled: true });
    expect([status, body['code']]).toEqual([404, 'not_found']);
  });

  it.each([{ disabled: true }, { roles: ['user'] }])(
    '%j are refused for the own account of an administrator',
    async (body) => {
      const answer = await admin.changeUser(here, admin.id, body);
      expect([answer.status, answer.body['code']]).toEqual([409, 'conflict']);
      expect((await admin.call(here, 'users')).status).toBe(200);
    },
  );
});

describe('administration', () => {
  it.each([
    ['GET', 'users'],
    ['POST', 'users'],
    ['GET', `users/${randomUUID()}`],
    ['PATCH', `users/${randomUUID()}`],
    ['DELETE', `users/${randomUUID()}`],
    ['PUT', `users/${randomUUID()}/password`],
    ['GET', `users/${randomUUID()}/sessions`],
    ['DELETE', `users/${randomUUID()}/sessions`],
    ['DELETE', `users/${randomUUID()}/sessions/${randomUUID()}`],
    ['GET', 'clients'],
    ['POST', 'clients'],
    ['DELETE', `clients/${randomUUID()}`],
    ['GET', 'keys'],
    ['POST', 'keys/rotate'],
    ['POST', 'keys/some/withdraw'],
    ['GET', 'revocations'],
    ['POST', 'revocations'],
    ['GET', 'audit'],
  ])('%s /admin/%s is for administrators alone', async (method, path) => {
    const url = `${there}/admin/${path}`;
    const unknown = await call(url, { method });
    expect([unknown.status, unknown.body['code']]).toEqual([401, 'token_missing']);
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
    const { status, headers, body } = await call(url, { method, token: nobody });
    expect([status, body['code']]).toEqual([403, 'insufficient_role']);
    expect(headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="admin"',
    );
  });
});
