import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { CredentialsService } from '../users/credentials.service.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

let auth: AuthApp;
let count = 0;

beforeAll(async () => {
  auth = await AuthApp.start();
});
afterAll(() => auth.close());

async function person(): Promise<{ email: string; id: string }> {
  const email = `starting-${(count += 1)}@example.com`;
  const { body } = await auth.register(email);
  return { email, id: body.id };
}

const attempt = (email: string, body: object = {}) =>
  auth.call<TokenResponse>('POST', '/auth/login', { body: { email, password: PASSWORD, ...body } });

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

it('needs no more than one statement for the session, its tokens and its event', async () => {
  const { email, id } = await person();
  const transaction = vi.spyOn(auth.dataSource, 'transaction');
  expect((await attempt(email)).status).toBe(200);
  expect(transaction).not.toHaveBeenCalled();
  transaction.mockRestore();
  expect(await rowsOf(id)).toEqual([{ sessions: 1, tokens: 1, events: 1 }]);
});

it.each([{}, { token_format: 'reference' }])(
  'gives what the person may do by now, and writes it once, for %j',
  async (wish) => {
    const { email, id } = await person();
    const promote = () =>
      auth.dataSource.query(`UPDATE users SET roles = '{user,admin}' WHERE id = $1`, [id]);
    const { status, body } = await loginAround(email, promote, wish);
    expect(status).toBe(200);
    expect(body.scope).toBe('orders:read orders:write admin');
    expect(await rowsOf(id)).toEqual([{ sessions: 1, tokens: 1, events: 1 }]);
    const kept = await auth.dataSource.query<object[]>(
      `SELECT claims->'roles' AS roles FROM reference_tokens WHERE claims->>'sub' = $1`,
      [id],
    );
    expect(kept).toEqual('token_format' in wish ? [{ roles: ['user', 'admin'] }] : []);
  },
);

it('waits for whoever is changing the person, and writes nothing for one who is disabled', async () => {
  const { email, id } = await person();
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
