import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { SessionList, TokenResponse } from './sessions.schema.js';

const auth = AuthApp.forFile();
let count = 0;

async function newUser(): Promise<string> {
  const email = `session-${(count += 1)}@example.com`;
  await auth.register(email);
  return email;
}

const statusOf = async ({ access_token: token }: TokenResponse): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;

/** At once: the process that ended the session does not wait for the feed. */
const isDead = async (tokens: TokenResponse): Promise<void> =>
  expect(await statusOf(tokens)).toBe(401);

const sessionsOf = async ({ access_token: token }: TokenResponse): Promise<SessionList> =>
  (await auth.call<SessionList>('GET', '/auth/sessions', { token })).body;

describe('the list of sessions', () => {
  it('shows each login, and which of them asks', async () => {
    const email = await newUser();
    const before = Date.now();
    const [one, two] = [
      await auth.login(email),
      (
        await auth.call<TokenResponse>('POST', '/auth/login', {
          body: { email, password: PASSWORD },
          headers: { 'user-agent': 'phone' },
        })
      ).body,
    ];
    const list = await sessionsOf(one);
    expect(list).toHaveLength(2);
    expect(list.map(({ current, userAgent }) => [current, userAgent])).toEqual([
      [false, 'phone'],
      [true, 'lightMyRequest'],
    ]);
    expect(Object.keys(list[0] ?? {}).sort()).toEqual(
      ['createdAt', 'current', 'expiresAt', 'id', 'ip', 'lastUsedAt', 'userAgent'].sort(),
    );
    expect(list[0]?.ip).toBe('127.0.0.1');
    expect(Date.parse(list[0]?.createdAt ?? '')).toBeGreaterThanOrEqual(before);
    const life = Date.parse(list[0]?.expiresAt ?? '') - Date.parse(list[0]?.createdAt ?? '');
    expect(life).toBe(90 * 86_400_000);
    expect((await sessionsOf(two)).find(({ current }) => current)?.userAgent).toBe('phone');
  });

  it('shows nobody else, and none that is over', async () => {
    const [one, two] = [await auth.login(await newUser()), await auth.login(await newUser())];
    await auth.call('POST', '/auth/logout', { token: two.access_token });
    expect(await sessionsOf(one)).toHaveLength(1);
  });

  it('does not show one that died of disuse', async () => {
    const email = await newUser();
    await auth.login(email);
    await auth.dataSource.query(
      `UPDATE refresh_tokens SET expires_at = now() - interval '1 second'
       WHERE session_id IN (SELECT s.id FROM sessions s JOIN users u ON u.id = user_id
                            WHERE email = $1)`,
      [email],
    );
    expect(await sessionsOf(await auth.login(email))).toHaveLength(1);
  });

  it('has 500 at most, those used last', async () => {
    const email = await newUser();
    const tokens = await auth.login(email);
    const [own] = await sessionsOf(tokens);
    await auth.dataSource.query(
      `WITH copies AS (
         INSERT INTO sessions SELECT (jsonb_populate_record(s, jsonb_build_object(
           'id', gen_random_uuid(), 'last_used_at', s.last_used_at - n * interval '1 s'))).*
         FROM sessions s, generate_series(1, 500) n WHERE s.id = $1 RETURNING id)
       INSERT INTO refresh_tokens SELECT (jsonb_populate_record(t, jsonb_build_object(
         'hash', sha256(copies.id::text::bytea), 'session_id', copies.id,
         'access_token_id', gen_random_uuid()))).*
       FROM refresh_tokens t, copies WHERE t.session_id = $1`,
      [own!.id],
    );
    const listed = await sessionsOf(tokens);
    expect(listed).toHaveLength(500);
    expect(listed[0]!.id).toBe(own!.id);
  });

  it('keeps no more of a user agent than anyone reads', async () => {
    const email = await newUser();
    const { body } = await auth.call<TokenResponse>('POST', '/auth/login', {
      body: { email, password: PASSWORD },
      headers: { 'user-agent': 'x'.repeat(5000) },
    });
    expect((await sessionsOf(body))[0]?.userAgent).toHaveLength(256);
  });
});

describe('logout', () => {
  it('ends this session and no other', async () => {
    const email = await newUser();
    const [one, two] = [await auth.login(email), await auth.login(email)];
    const answer = await auth.call('POST', '/auth/logout', { token: one.access_token });
    expect(answer).toMatchObject({ status: 204, body: undefined });
    await isDead(one);
    expect(await statusOf(two)).toBe(200);
  });

  it('publishes a revocation that lasts as long as the access token', async () => {
    const tokens = await auth.login(await newUser());
    const id = (await sessionsOf(tokens))[0]?.id;
    await auth.call('POST', '/auth/logout', { token: tokens.access_token });
    const { body } = await auth.call<{ entries: unknown[] }>('GET', '/revocations');
    const payload = tokens.access_token.split('.')[1] ?? '';
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
    expect(body.entries).toContainEqual({ kind: 'sid', id, exp });
  });

  it('says why the token is refused afterwards', async () => {
    const tokens = await auth.login(await newUser());
    await auth.call('POST', '/auth/logout', { token: tokens.access_token });
    await isDead(tokens);
    const { access_token: token } = tokens;
    const answer = await auth.call('GET', '/auth/me', { token });
    expect(answer.body.code).toBe('token_revoked');
  });
});

describe('ending one session', () => {
  it('kills that one', async () => {
    const email = await newUser();
    const [one, two] = [await auth.login(email), await auth.login(email)];
    const id = (await sessionsOf(one)).find(({ current }) => !current)?.id;
    const { access_token: token } = one;
    const url = `/auth/sessions/${id}`;
    expect((await auth.call('DELETE', url, { token })).status).toBe(204);
    await isDead(two);
    expect((await auth.refresh(two.refresh_token)).status).toBe(401);
    expect(await statusOf(one)).toBe(200);
    expect(await auth.call('DELETE', url, { token })).toMatchObject({ status: 404 });
  });

  it("does not touch another user's", async () => {
    const [mine, theirs] = [await auth.login(await newUser()), await auth.login(await newUser())];
    const id = (await sessionsOf(theirs))[0]?.id;
    const { access_token: token } = mine;
    const answer = await auth.call('DELETE', `/auth/sessions/${id}`, { token });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await auth.refresh(theirs.refresh_token)).status).toBe(200);
  });

  it.each([
    ['an unknown id', randomUUID(), 404],
    ['what is no id', 'x', 400],
  ])('knows no %s', async (_, id, status) => {
    const { access_token: token } = await auth.login(await newUser());
    expect((await auth.call('DELETE', `/auth/sessions/${id}`, { token })).status).toBe(status);
  });
});

describe('logout everywhere', () => {
  it('ends all sessions, and a login in the same second lives', async () => {
    const email = await newUser();
    const sessions = [await auth.login(email), await auth.login(email), await auth.login(email)];
    const token = sessions[0]?.access_token ?? '';
    const answer = await auth.call('POST', '/auth/logout-everywhere', { token });
    const later = await auth.login(email);
    expect(answer.status).toBe(204);
    await Promise.all(sessions.map(isDead));
    for (const { refresh_token } of sessions) {
      expect((await auth.refresh(refresh_token)).status).toBe(401);
    }
    expect(await statusOf(later)).toBe(200);
    expect(await sessionsOf(later)).toHaveLength(1);
  });

  it.each([
    [50, 1],
    [70, 0],
  ])('revokes a session whose token expired %i s ago: %i', async (seconds, revocations) => {
    const email = await newUser();
    const [session] = await sessionsOf(await auth.login(email));
    await auth.dataSource.query(
      `UPDATE refresh_tokens SET access_token_expires_at = now() - $2 * interval '1 s'
       WHERE session_id = $1`,
      [session!.id, seconds],
    );
    const { access_token: token } = await auth.login(email);
    await auth.call('POST', '/auth/logout-everywhere', { token });
    const find = 'SELECT FROM revoked_tokens WHERE id = $1';
    expect(await auth.dataSource.query(find, [session!.id])).toHaveLength(revocations);
  });

  it('leaves everyone else alone', async () => {
    const [mine, theirs] = [await auth.login(await newUser()), await auth.login(await newUser())];
    await auth.call('POST', '/auth/logout-everywhere', { token: mine.access_token });
    await isDead(mine);
    expect(await statusOf(theirs)).toBe(200);
  });

  it('may happen twice at once', async () => {
    const email = await newUser();
    const sessions = await Promise.all([1, 2, 3, 4].map(() => auth.login(email)));
    const answers = await Promise.all(
      sessions.map(({ access_token: token }) =>
        auth.call('POST', '/auth/logout-everywhere', { token }),
      ),
    );
    for (const { status } of answers) expect([204, 401]).toContain(status);
    await Promise.all(sessions.map(isDead));
  });
});

it.each([
  ['POST', '/auth/logout'],
  ['POST', '/auth/logout-everywhere'],
  ['GET', '/auth/sessions'],
  ['DELETE', `/auth/sessions/${randomUUID()}`],
  ['GET', '/auth/me'],
  ['PUT', '/auth/password'],
] as const)('%s %s is closed to strangers', async (method, url) => {
  const answer = await auth.call(method, url);
  expect(answer).toMatchObject({ status: 401, body: { code: 'token_missing' } });
  expect(answer.headers['www-authenticate']).toBe('Bearer');
});
