import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

let auth: AuthApp;
/** Another process, as far as the database can tell. */
let other: AuthApp;

beforeAll(async () => {
  auth = await AuthApp.start();
  other = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
});
afterAll(() => Promise.all([auth.close(), other.close()]));

const usable = (): Promise<{ usable: number }[]> =>
  auth.dataSource.query(
    `SELECT count(*)::int AS usable FROM refresh_tokens WHERE replaced_at IS NULL
     GROUP BY session_id HAVING count(*) <> 1`,
  );

describe('one person, at the same moment', () => {
  it('may refresh, log in, end sessions and change the password without a deadlock', async () => {
    const email = 'busy@example.com';
    await auth.register(email);
    let password = PASSWORD;
    for (let round = 0; round < 4; round += 1) {
      const sessions = await Promise.all(
        Array.from({ length: 8 }, () => auth.login(email, password)),
      );
      const [first] = sessions as [TokenResponse];
      const token = first.access_token;
      const next = `${PASSWORD} ${round}`;
      const answers = await Promise.all([
        ...sessions.flatMap(({ refresh_token }) =>
          [auth, other, auth].map((app) => app.refresh(refresh_token)),
        ),
        other.call('POST', '/auth/logout-everywhere', { token }),
        auth.call('POST', '/auth/logout-everywhere', { token }),
        auth.call('PUT', '/auth/password', {
          token,
          body: { currentPassword: password, newPassword: next },
        }),
        auth.call('POST', '/auth/login', { body: { email, password } }),
      ]);
      const statuses = new Set(answers.map(({ status }) => status));
      for (const status of statuses) expect([200, 204, 401]).toContain(status);
      if (answers.at(-2)?.status === 204) password = next;
    }
    expect(await usable()).toEqual([]);
  });

  it('gets the new roles from a refresh that waited for them', async () => {
    const email = 'promoted@example.com';
    const { body } = await auth.register(email);
    const { refresh_token: token } = await auth.login(email);
    let answer: Promise<{ body: TokenResponse }> | undefined;
    await auth.dataSource.transaction(async (manager) => {
      await manager.query(`UPDATE users SET roles = '{user,admin}' WHERE id = $1`, [body.id]);
      answer = other.refresh(token);
      // Until it waits for this transaction; it cannot be done before.
      await expect
        .poll(() =>
          manager.query<object[]>('SELECT FROM pg_locks WHERE NOT granted AND database IS NULL'),
        )
        .toHaveLength(1);
    });
    expect((await answer)?.body.scope).toBe('orders:read orders:write admin');
  });

  it('who changes a person sees the tokens that were minted meanwhile', async () => {
    const email = 'demoted@example.com';
    const { body } = await auth.register(email);
    const { refresh_token: token } = await auth.login(email);
    for (let round = 0, current = token; round < 10; round += 1) {
      const refreshing = other.refresh(current);
      const [seen] = await auth.dataSource.transaction(async (manager) => {
        await manager.query('UPDATE users SET claims = $2 WHERE id = $1', [body.id, { round }]);
        return manager.query<{ ids: string[] }[]>(
          `SELECT array_agg(access_token_id) AS ids FROM refresh_tokens
           JOIN sessions ON sessions.id = session_id WHERE user_id = $1`,
          [body.id],
        );
      });
      const { access_token, refresh_token } = (await refreshing).body;
      const payload = JSON.parse(
        Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString(),
      ) as { jti: string; claims?: { round: number } };
      // Either it was made with the new claims, or it is among those that can be revoked.
      if (payload.claims?.round !== round) expect(seen?.ids).toContain(payload.jti);
      current = refresh_token;
    }
  });
});
