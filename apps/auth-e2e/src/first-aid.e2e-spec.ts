import { outcome } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { runAdmin, runAudit } from './admin-shell.js';
import { Administrator, type AuditEvent, type User } from './administrator.js';
import { Stack } from './stack.js';
import { decode, login, newSession, refresh, tryLogin, type TokenResponse } from './users.js';

const OTHER = 'ten badgers behind the mill';

let stack: Stack;
let here: string;
let there: string;
let admin: Administrator;
beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
  admin = await Administrator.login(here);
});

const idOf = ({ access_token: token }: TokenResponse) => String(decode(token).payload['sub']);
const sidOf = ({ access_token: token }: TokenResponse) => String(decode(token).payload['sid']);

/** At orders by the feed, and at the other process of auth at once. */
async function expectOver(session: TokenResponse, reason = 'refresh_token_invalid') {
  expect(outcome(await refresh(there, session.refresh_token))).toBe(reason);
  await expect.poll(() => stack.verdict(session.access_token)).toBe('token_revoked');
}

it('an administrator finds a user by e-mail, and the sessions', async () => {
  const user = await newSession(there);
  const search = `users?email=${encodeURIComponent(user.email.toUpperCase())}`;
  const { items } = (await admin.call<{ items: User[] }>(here, search)).body;
  expect(items).toEqual([expect.objectContaining({ id: idOf(user), email: user.email })]);
  const one = await admin.call<User>(here, `users/${idOf(user)}`);
  expect(one.body).toEqual(items[0]);
  const sessions = await admin.call<object[]>(here, `users/${idOf(user)}/sessions`);
  expect(sessions.body).toEqual([expect.objectContaining({ id: sidOf(user), current: false })]);
});

describe('first aid at one process has an effect everywhere', () => {
  it('for one session, and for all', async () => {
    const user = await newSession(here);
    const [second, third] = [await login(there, user.email), await login(here, user.email)];
    const sessions = `users/${idOf(user)}/sessions`;
    const one = await admin.call(here, `${sessions}/${sidOf(second)}`, { method: 'DELETE' });
    expect(one.status).toBe(204);
    await expectOver(second);
    expect(await stack.verdict(third.access_token)).toBe('ok');
    expect((await admin.call(here, sessions, { method: 'DELETE' })).status).toBe(204);
    await expectOver(user);
    await expectOver(third);
    expect(await stack.verdict((await login(here, user.email)).access_token)).toBe('ok');
  });

  it('for a password', async () => {
    const user = await newSession(here);
    const path = `users/${idOf(user)}/password`;
    const set = await admin.call(here, path, { method: 'PUT', body: { password: OTHER } });
    expect([set.status, set.headers.get('cache-control')]).toEqual([204, 'no-store']);
    await expectOver(user);
    expect(outcome(await tryLogin(there, user.email))).toBe('invalid_credentials');
    const later = await login(there, user.email, OTHER);
    const generated = await admin.call(there, path, { method: 'PUT', body: {} });
    expect(generated.status).toBe(200);
    await expectOver(later);
    await login(here, user.email, String(generated.body['password']));
  });

  it('for a user who is deleted, while refreshes and logins are under way', async () => {
    const user = await newSession(here);
    const attempts = await Promise.all([
      refresh(there, user.refresh_token),
      tryLogin(there, user.email),
      admin.call(here, `users/${idOf(user)}`, { method: 'DELETE' }),
      tryLogin(here, user.email),
    ]);
    expect(attempts[2].status).toBe(204);
    for (const { status, body } of attempts) {
      expect([200, 204, 401]).toContain(status);
      if (status !== 200) continue;
      await expect.poll(() => stack.verdict(String(body['access_token']))).toBe('token_revoked');
    }
    await expectOver(user);
    const left = await stack.query(
      `SELECT FROM users WHERE id = $1 UNION ALL SELECT FROM sessions WHERE user_id = $1`,
      [idOf(user)],
    );
    expect(left).toEqual([]);
  });

  it('in a shell, too', async () => {
    const user = await newSession(here);
    const run = (...args: string[]) => runAdmin(stack.database, args);
    const { code, shown } = await run('reset-password', user.email, '--generate');
    expect(code).toBe(0);
    await expectOver(user);
    const later = await login(there, user.email, shown.split('\n', 1)[0]);
    expect((await run('delete-user', user.email)).code).toBe(0);
    await expectOver(later);
  });
});

it('the audit log is exported by a command of the built app', async () => {
  const user = await newSession(here);
  await admin.call(there, `users/${idOf(user)}`, { method: 'DELETE' });
  const { code, shown } = await runAudit(stack.database, [...['export', '--since', '1h']]);
  expect(code, shown).toBe(0);
  const events = shown
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent);
  const own = events.filter(({ subject }) => subject === idOf(user));
  expect(own.map(({ action }) => action)).toEqual([
    'user.registered',
    'sessions.ended',
    'user.deleted',
    'user.removed',
  ]);
  const listed = await admin.call<{ items: AuditEvent[] }>(here, 'audit?limit=100');
  expect(listed.body.items).toContainEqual(own.at(-1));
});

it.each([
  ['PUT', 'password', { password: OTHER }],
  ['DELETE', '', undefined],
])('administrators cannot lock themselves out by %s /%s', async (method, path, body) => {
  const answer = await admin.call(here, `users/${String(admin.id)}/${path}`.replace(/\/$/, ''), {
    ...{ method, body },
  });
  expect([answer.status, answer.body['code']]).toEqual([409, 'conflict']);
  expect((await admin.call(here, 'users')).status).toBe(200);
});
