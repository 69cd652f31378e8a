import { describe, expect, it, vi } from 'vitest';

import { CredentialsService } from '../users/credentials.service.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

/** With a bound of three sessions. */
const bounded = AuthApp.forFile({ SESSIONS_PER_USER: '3' });
// Last: passport, which is one for the whole process, checks passwords by the app that came last.
const auth = AuthApp.forFile(() => ({ DATABASE_URL: bounded.databaseUrl }));
let count = 0;

async function newUser(): Promise<{ email: string; id: string }> {
  const email = `starting-${(count += 1)}@example.com`;
  const { body } = await auth.register(email);
  return { email, id: body.id };
}

const attempt = (email: string, body: object = {}, app = auth) =>
  app.call<TokenResponse>('POST', '/auth/login', { body: { email, password: PASSWORD, ...body } });

/** Lets something happen when the password has been found right, and there is no session yet. */
async function loginAround(email: string, event: () => Promise<unknown>, body?: object) {
  const login = auth.get(CredentialsService);
  const authenticate = login.authenticate.bind(login);
  const spy = vi.spyOn(login, 'authenticate').mockImplementationOnce(async (...call) => {
    const user = await authenticate(...call);
    await event();
    return user;
  });
  const answer = await attempt(email, body);
  spy.mockRestore();
  return answer;
}

const rowsOf = (id: string) =>
  auth.dataSource.query<object[]>(
    `SELECT count(DISTINCT session.id)::int AS sessions, count(token)::int AS tokens,
       (SELECT count(*)::int FROM audit_events WHERE actor = $1 AND action = 'session.started'
         AND subject = min(session.id::text)) AS events
     FROM sessions session JOIN refresh_tokens token ON token.session_id = session.id
     WHERE user_id = $1::uuid`,
    [id],
  );

it.each([{}, { token_format: 'reference' }])(
  'gives what the user may do by now, and writes it once, for %j',
  async (request) => {
    const { email, id } = await newUser();
    const promote = () =>
      auth.dataSource.query(`UPDATE users SET roles = '{user,admin}' WHERE id = $1`, [id]);
    const { status, body } = await loginAround(email, promote, request);
    expect(status).toBe(200);
    expect(body.scope).toBe('orders:read orders:write admin account');
    expect(await rowsOf(id)).toEqual([{ sessions: 1, tokens: 1, events: 1 }]);
    const kept = await auth.dataSource.query<object[]>(
      `SELECT claims->'roles' AS roles FROM reference_tokens WHERE claims->>'sub' = $1`,
      [id],
    );
    expect(kept).toEqual('token_format' in request ? [{ roles: ['user', 'admin'] }] : []);
  },
);

it('waits for a change of the user, and writes nothing for a disabled one', async () => {
  const { email, id } = await newUser();
  let answer: ReturnType<typeof attempt> | undefined;
  await auth.dataSource.transaction(async (manager) => {
    await manager.query('UPDATE users SET is_disabled = true WHERE id = $1', [id]);
    answer = attempt(email);
    await expect
      .poll(() =>
        manager.query<object[]>('SELECT FROM pg_locks WHERE NOT granted AND database IS NULL'),
      )
      .toHaveLength(1);
  });
  expect((await answer)?.status).toBe(401);
  expect(await rowsOf(id)).toEqual([{ sessions: 0, tokens: 0, events: 0 }]);
});

describe('the sessions of one user', () => {
  const openSessions = (id: string): Promise<{ count: number }[]> =>
    auth.dataSource.query(
      'SELECT count(*)::int FROM sessions WHERE user_id = $1 AND ended_at IS NULL',
      [id],
    );

  it('are bounded, and the one that was unused for longest ends', async () => {
    const { email, id } = await newUser();
    const logins = [];
    for (let i = 0; i < 3; i++) logins.push((await attempt(email, {}, bounded)).body);
    const [first, second] = logins as [TokenResponse, TokenResponse];
    const { body: renewed } = await bounded.refresh(first.refresh_token);
    await attempt(email, {}, bounded);
    expect(await openSessions(id)).toEqual([{ count: 3 }]);
    expect((await bounded.refresh(second.refresh_token)).status).toBe(401);
    const { access_token: token } = second;
    expect((await bounded.call('GET', '/auth/me', { token })).status).toBe(401);
    expect((await bounded.refresh(renewed.refresh_token)).status).toBe(200);
    const events = await auth.dataSource.query<object[]>(
      `SELECT detail FROM audit_events WHERE action = 'sessions.ended' AND subject = $1`,
      [id],
    );
    expect(events).toEqual([{ detail: { reason: 'too_many', count: 1 } }]);
    const ended = await auth.dataSource.query<object[]>(
      'SELECT end_reason FROM sessions WHERE user_id = $1 AND ended_at IS NOT NULL',
      [id],
    );
    expect(ended).toEqual([{ end_reason: 'too_many' }]);
  });

  it('are bounded when many logins arrive at once', async () => {
    const { email, id } = await newUser();
    const logins = Array.from({ length: 12 }, () => attempt(email, {}, bounded));
    const statuses = (await Promise.all(logins)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await openSessions(id)).toEqual([{ count: 3 }]);
  });
});
