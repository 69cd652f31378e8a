import { randomUUID } from 'node:crypto';
import { call, outcome, type Answer } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decode,
  login,
  newSession,
  PASSWORD,
  refresh,
  register,
  tryLogin,
  type TokenResponse,
} from './users.js';
import { Stack } from './stack.js';

interface ListedSession {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  ip: string;
  userAgent: string | null;
  current: boolean;
}

let stack: Stack;
let here: string;
let there: string;

beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
});

const sessionOf = ({ access_token: token }: TokenResponse) =>
  decode(token).payload['sid'] as string;
const list = ({ access_token: token }: TokenResponse, auth = here) =>
  call<ListedSession[]>(`${auth}/auth/sessions`, { token });
const end = ({ access_token: token }: TokenResponse, id: string, auth = here) =>
  call(`${auth}/auth/sessions/${id}`, { method: 'DELETE', token });
const logoutEverywhere = ({ access_token: token }: TokenResponse, auth = here) =>
  call(`${auth}/auth/logout-everywhere`, { method: 'POST', token });
const changePassword = (
  { access_token: token }: TokenResponse,
  body: unknown,
  auth = here,
): Promise<Answer> => call(`${auth}/auth/password`, { method: 'PUT', token, body });

/** A user with so many sessions, begun at one process and the other. */
async function sessions(count: number): Promise<{ email: string; all: TokenResponse[] }> {
  const email = await register(here);
  const all: TokenResponse[] = [];
  while (all.length < count) all.push(await login(all.length % 2 ? there : here, email));
  return { email, all };
}

async function expectDead({ access_token: token, refresh_token }: TokenResponse): Promise<void> {
  await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
  for (const auth of [here, there]) {
    const me = async () => outcome(await call(`${auth}/auth/me`, { token }));
    await expect.poll(me).toBe('token_revoked');
    expect(outcome(await refresh(auth, refresh_token))).toBe('refresh_token_invalid');
  }
}

async function expectAlive({ access_token: token, refresh_token }: TokenResponse): Promise<void> {
  expect(await stack.verdict(token)).toBe('ok');
  expect(outcome(await call(`${there}/auth/me`, { token }))).toBe('ok');
  expect(outcome(await refresh(there, refresh_token))).toBe('ok');
}

describe('the list of sessions', () => {
  it('has all sessions of the user, from any process, with the current one marked', async () => {
    const email = await register(here);
    const headers = { 'user-agent': 'Lynx/2.9' };
    const phone = await login(here, email, PASSWORD, { headers });
    const laptop = await login(there, email);
    await newSession(here);

    const { status, body } = await list(phone, there);
    expect(status).toBe(200);
    const ids = [phone, laptop].map(sessionOf);
    expect(new Set(body.map(({ id }) => id))).toEqual(new Set(ids));
    const current = body.filter((session) => session.current);
    expect(current).toEqual([
      {
        id: sessionOf(phone),
        createdAt: expect.any(String) as string,
        lastUsedAt: expect.any(String) as string,
        expiresAt: expect.any(String) as string,
        ip: '127.0.0.1',
        userAgent: 'Lynx/2.9',
        current: true,
      },
    ]);
    const [{ createdAt, expiresAt }] = current as [ListedSession];
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(90 * 86_400_000);
  });

  it('reports when each was last used, the latest first', async () => {
    const { all } = await sessions(2);
    const [first, second] = all as [TokenResponse, TokenResponse];
    const before = (await list(first)).body;
    expect(before.map(({ id }) => id)).toEqual([second, first].map(sessionOf));
    await refresh(there, first.refresh_token);
    const after = (await list(first)).body;
    expect(after.map(({ id }) => id)).toEqual([first, second].map(sessionOf));
    expect(Date.parse(after[0]!.lastUsedAt)).toBeGreaterThan(Date.parse(before[1]!.lastUsedAt));
  });

  it('is not written for every request: only a refresh counts as use', async () => {
    const session = await newSession(here);
    const row = () =>
      stack.query('SELECT xmin, last_used_at FROM sessions WHERE id = $1', [sessionOf(session)]);
    const before = await row();
    for (const auth of [here, there]) {
      await call(`${auth}/auth/me`, { token: session.access_token });
      await list(session, auth);
      expect(await stack.verdict(session.access_token)).toBe('ok');
    }
    // The same version of the row, not only the same time in it.
    expect(await row()).toEqual(before);
    await refresh(there, session.refresh_token);
    expect(await row()).not.toEqual(before);
  });

  it('leaves out a session that was ended', async () => {
    const { all } = await sessions(2);
    const [first, second] = all as [TokenResponse, TokenResponse];
    await call(`${there}/auth/logout`, { method: 'POST', token: second.access_token });
    expect((await list(first)).body.map(({ id }) => id)).toEqual([sessionOf(first)]);
  });
});

describe('ending a session', () => {
  it('ends that one everywhere, and no other', async () => {
    const { all } = await sessions(3);
    const [first, second, third] = all as [TokenResponse, TokenResponse, TokenResponse];
    const { status, body } = await end(first, sessionOf(second));
    expect([status, body]).toEqual([204, undefined]);
    await expectDead(second);
    await expectAlive(first);
    await expectAlive(third);
  });

  it('finds no session of another user: the answer is that for an unknown id', async () => {
    const [mine, theirs] = [await newSession(here), await newSession(here)];
    const refused = await end(mine, sessionOf(theirs), there);
    const unknown = await end(mine, randomUUID(), there);
    expect([refused.status, refused.body['code']]).toEqual([404, 'not_found']);
    expect(refused.body).toEqual(unknown.body);
    await expectAlive(theirs);
  });

  it('succeeds once when requested many times at once', async () => {
    const { all } = await sessions(2);
    const [first, second] = all as [TokenResponse, TokenResponse];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => end(first, sessionOf(second), i % 2 ? here : there)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      204,
      ...Array<number>(9).fill(404),
    ]);
  });

  it('refuses a text that is no id', async () => {
    const session = await newSession(here);
    const { status, body } = await end(session, "1'%20OR%20true--");
    expect([status, body['code']]).toEqual([400, 'invalid_input']);
    await expectAlive(session);
  });
});

describe('logging out everywhere', () => {
  it('ends all sessions of the user, and no session of others', async () => {
    const { all } = await sessions(4);
    const bystander = await newSession(there);
    const { status } = await logoutEverywhere(all[0]!, there);
    expect(status).toBe(204);
    for (const session of all) await expectDead(session);
    await expectAlive(bystander);
  });

  it('keeps a session that begins right after it, in the same second', async () => {
    const email = await register(here);
    let [before, after] = [await login(here, email), await login(here, email)];
    // A second may end just between the two; hardly twice in a row.
    for (let tries = 0; tries < 5; tries++) {
      before = await login(here, email);
      await logoutEverywhere(before, there);
      after = await login(here, email);
      const [left, right] = [before, after].map((s) => decode(s.access_token).payload['iat']);
      if (left === right) break;
    }
    expect(decode(after.access_token).payload['iat']).toBe(
      decode(before.access_token).payload['iat'],
    );
    await expectDead(before);
    await expectAlive(after);
  });

  it('also ends a session that is refreshed at the same moment', async () => {
    const { all } = await sessions(6);
    const [answers] = await Promise.all([
      Promise.all(all.map(({ refresh_token }, i) => refresh(i % 2 ? here : there, refresh_token))),
      logoutEverywhere(all[0]!),
    ]);
    const won = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    for (const session of [...all, ...won]) {
      await expect.poll(() => stack.verdict(session.access_token)).toBe('token_revoked');
    }
    for (const { refresh_token } of won)
      expect((await refresh(here, refresh_token)).status).toBe(401);
  });
});

describe('changing the password', () => {
  const newPassword = 'nine otters under the bridge';

  it('ends all other sessions, keeps this one, and replaces the password', async () => {
    const { email, all } = await sessions(3);
    const [mine, ...others] = all as [TokenResponse, ...TokenResponse[]];
    const answer = await changePassword(mine, { currentPassword: PASSWORD, newPassword }, there);
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    for (const session of others) await expectDead(session);
    await expectAlive(mine);
    expect((await tryLogin(here, email, PASSWORD)).status).toBe(401);
    expect((await tryLogin(here, email, newPassword)).status).toBe(200);
  });

  it.each([
    ['a wrong present password', 'not the password', newPassword, 401, 'invalid_credentials'],
    ['a short new one', PASSWORD, 'short', 400, 'invalid_input'],
    ['a common new one', PASSWORD, 'passwordpassword', 400, 'invalid_input'],
    ['no present password', undefined, newPassword, 400, 'invalid_input'],
  ])('is refused with %s, and ends nothing', async (_name, current, next, status, code) => {
    const { email, all } = await sessions(2);
    const body = { currentPassword: current, newPassword: next };
    const answer = await changePassword(all[0]!, body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    for (const session of all) await expectAlive(session);
    expect((await tryLogin(there, email, PASSWORD)).status).toBe(200);
  });

  it('succeeds once when two requests arrive at once, with one new password', async () => {
    const { email, all } = await sessions(2);
    const passwords = [newPassword, 'ten badgers behind the mill'];
    const answers = await Promise.all(
      all.map((session, i) =>
        changePassword(
          session,
          { currentPassword: PASSWORD, newPassword: passwords[i] },
          i ? here : there,
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const logins = await Promise.all(passwords.map((password) => tryLogin(here, email, password)));
    expect(logins.map(({ status }) => status === 200)).toEqual(
      answers.map(({ status }) => status === 204),
    );
  });
});
