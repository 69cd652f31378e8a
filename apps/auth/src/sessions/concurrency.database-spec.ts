import { beforeEach, describe, expect, it, vi } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

const auth = AuthApp.forFile();
/** For the database this is another process. */
const other = AuthApp.forFile(() => ({ DATABASE_URL: auth.databaseUrl }));

const usable = (): Promise<{ usable: number }[]> =>
  auth.dataSource.query(
    `SELECT count(*)::int AS usable FROM refresh_tokens WHERE replaced_at IS NULL
     GROUP BY session_id HAVING count(*) <> 1`,
  );

describe('one user, at the same moment', () => {
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
    expect((await answer)?.body.scope).toBe('orders:read orders:write admin account');
  });

  it('a change of a user finds the tokens that were issued meanwhile', async () => {
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

describe('while a refresh is under way', () => {
  let email = '';
  let pair: TokenResponse;
  let count = 0;

  beforeEach(async () => {
    email = `between-${(count += 1)}@example.com`;
    await auth.register(email);
    pair = await auth.login(email);
  });

  /** Begins something when the successor has been made, and is not in the database yet. */
  async function refreshAround<T>(begin: () => Promise<T>) {
    const pairs = auth.get(TokenPairs);
    const mint = pairs.mint.bind(pairs);
    let begun: Promise<T> | undefined;
    const spy = vi.spyOn(pairs, 'mint').mockImplementationOnce(async (...request) => {
      const minted = await mint(...request);
      begun = begin();
      // Until it waits for the locks of the refresh; it cannot be done before.
      await expect
        .poll(() =>
          auth.dataSource.query<object[]>(
            'SELECT FROM pg_locks WHERE NOT granted AND database IS NULL',
          ),
        )
        .toHaveLength(1);
      return minted;
    });
    const answer = await auth.refresh(pair.refresh_token);
    spy.mockRestore();
    return { answer, begun: (await begun) as T };
  }

  it('another process that refreshes waits, and gives the same tokens', async () => {
    const { answer, begun } = await refreshAround(() => other.refresh(pair.refresh_token));
    expect([answer.status, begun.status]).toEqual([200, 200]);
    expect(begun.body.refresh_token).toBe(answer.body.refresh_token);
    expect(begun.body.access_token).toBe(answer.body.access_token);
    expect(await usable()).toEqual([]);
  });

  it('the end of its session waits, and ends the successor, too', async () => {
    const { answer } = await refreshAround(() =>
      other.call('POST', '/auth/logout', { token: pair.access_token }),
    );
    expect(answer.status).toBe(200);
    expect((await auth.refresh(answer.body.refresh_token)).status).toBe(401);
    const { access_token: token } = answer.body;
    await expect.poll(async () => (await auth.call('GET', '/auth/me', { token })).status).toBe(401);
  });

  it.each([
    ['disabled', 'UPDATE users SET is_disabled = true WHERE email = $1'],
    ['changed', `UPDATE users SET claims = '{"a":1}' WHERE email = $1`],
  ])('its user is %s afterwards', async (_name, change) => {
    const { answer } = await refreshAround(() => other.dataSource.query(change, [email]));
    expect(answer.status).toBe(200);
    const next = await auth.refresh(answer.body.refresh_token);
    if (_name === 'disabled') expect(next.status).toBe(401);
    else {
      const payload = Buffer.from(next.body.access_token.split('.')[1] ?? '', 'base64url');
      expect(JSON.parse(payload.toString())).toMatchObject({ claims: { a: 1 } });
    }
  });
});
