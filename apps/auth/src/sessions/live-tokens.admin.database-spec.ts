import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { SessionList } from './sessions.schema.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const ask = <Body = ProblemBody>(query: string, token = admin) =>
  auth.call<Body>('GET', `/admin/tokens/live?${query}`, { token });
const countOf = async (query: Record<string, string>): Promise<number> => {
  const answer = await ask<{ count: number }>(new URLSearchParams(query).toString());
  expect(answer.status).toBe(200);
  return answer.body.count;
};
const change = async (method: 'POST' | 'PATCH', path: string, body?: object): Promise<void> => {
  const token = (await auth.login('admin@example.com')).access_token;
  const { status } = await auth.call(method, `/admin/${path}`, { token, body });
  expect(status).toBeLessThan(300);
};

let users = 0;
async function newUser() {
  const email = `live-${(users += 1)}@example.com`;
  return { email, userId: (await auth.register(email)).body.id };
}

describe('live tokens', () => {
  it('are those of all logins and refreshes of a user, and of a session', async () => {
    const { email, userId } = await newUser();
    expect(await countOf({ userId })).toBe(0);
    const first = await auth.login(email);
    await auth.refresh(first.refresh_token);
    const token = (await auth.login(email)).access_token;
    expect(await countOf({ userId: userId.toUpperCase() })).toBe(3);
    const { body } = await auth.call<SessionList>('GET', '/auth/sessions', { token });
    const counts = await Promise.all(body.map(({ id }) => countOf({ sessionId: id })));
    expect(counts.toSorted()).toEqual([1, 2]);
  });

  it('are none of an ended session, and none that have expired', async () => {
    const { email, userId } = await newUser();
    const { access_token: token } = await auth.login(email);
    await auth.login(email);
    await auth.call('POST', '/auth/logout', { token });
    expect(await countOf({ userId })).toBe(1);
    await auth.dataSource.query(
      `UPDATE refresh_tokens SET access_token_expires_at = now() - interval '1 s' WHERE session_id IN (
         SELECT id FROM sessions WHERE user_id = $1)`,
      [userId],
    );
    expect(await countOf({ userId })).toBe(0);
  });

  it('are those of all users with a role', async () => {
    const { email, userId } = await newUser();
    const role = `role-${userId}`;
    await change('POST', 'roles', { name: role, scopes: [] });
    await change('PATCH', `users/${userId}`, { roles: ['user', role] });
    expect(await countOf({ role })).toBe(0);
    await auth.login(email);
    expect(await countOf({ role })).toBe(1);
  });

  it('are all of them, or those for which all is true that was asked', async () => {
    const { email, userId } = await newUser();
    const before = await countOf({});
    await auth.login(email);
    expect(await countOf({})).toBe(before + 1);
    expect(await countOf({ userId, role: 'user' })).toBe(1);
    expect(await countOf({ userId, role: 'admin' })).toBe(0);
  });

  it('are those for an audience', async () => {
    const { email, userId } = await newUser();
    const audience = `https://${userId}.example`;
    await change('POST', 'resources', { audience, scopes: [] });
    await auth.login(email);
    expect(await countOf({ audience })).toBe(0);
    const body = { email, password: 'correct horse battery staple', resource: audience };
    expect((await auth.call('POST', '/auth/login', { body })).status).toBe(200);
    expect(await countOf({ audience })).toBe(1);
  });

  it('are those that were issued while a key signed', async () => {
    const kidOf = async (state: string): Promise<string> => {
      const answer = await auth.call<{ kid: string; state: string }[]>('GET', '/admin/keys', {
        token: admin,
      });
      return answer.body.find((key) => key.state === state)?.kid as string;
    };
    const kid = await kidOf('active');
    const next = await kidOf('next');
    const before = await countOf({ kid });
    expect(before).toBeGreaterThan(0);
    expect(await countOf({ kid: next })).toBe(0);
    await change('POST', 'keys/rotate');
    // The login of the change itself was before the rotation.
    expect(await countOf({ kid })).toBe(before + 1);
    const { email } = await newUser();
    await auth.login(email);
    expect(await countOf({ kid })).toBe(before + 1);
    expect(await countOf({ kid: next })).toBe(1);
  });

  it.each([
    ['userId', { userId: randomUUID() }],
    ['sessionId', { sessionId: randomUUID() }],
    ['kid', { kid: 'nobody' }],
    ['role', { role: 'nobody' }],
    ['audience', { audience: 'nobody' }],
  ])('are none of an unknown %s', async (_name, query) => {
    expect(await countOf(query)).toBe(0);
  });

  it.each([
    ['the same twice', 'role=admin&role=user'],
    ['an id that is none', 'userId=1'],
    ['an empty session', 'sessionId='],
    ['a key with a NUL', 'kid=a%00'],
    ['a role of 65 letters', `role=${'a'.repeat(65)}`],
    ['an audience with a line break', 'audience=a%0Ab'],
    ['another name', 'user=1'],
  ])('are not counted of %s', async (_name, query) => {
    expect(await ask(query)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('are for administrators only', async () => {
    const { email, userId } = await newUser();
    const { access_token: token } = await auth.login(email);
    const { status, body } = await ask(`userId=${userId}`, token);
    expect([status, body.code]).toEqual([403, 'insufficient_role']);
  });
});
