import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

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

describe('between the reading of a refresh token and its replacement', () => {
  let email = '';
  let pair: TokenResponse;
  let count = 0;

  beforeEach(async () => {
    email = `between-${(count += 1)}@example.com`;
    await auth.register(email);
    pair = await auth.login(email);
  });

  /** Lets something happen when the successor has been made, and is not in the database yet. */
  async function refreshAround(event: () => Promise<unknown>) {
    const pairs = auth.get(TokenPairs);
    const mint = pairs.mint.bind(pairs);
    const spy = vi.spyOn(pairs, 'mint').mockImplementationOnce(async (...request) => {
      const minted = await mint(...request);
      await event();
      return minted;
    });
    const answer = await auth.refresh(pair.refresh_token);
    spy.mockRestore();
    return answer;
  }

  it('nothing happens as a rule, and no lock is held meanwhile', async () => {
    const transaction = vi.spyOn(auth.dataSource, 'transaction');
    const { status } = await refreshAround(() =>
      other.dataSource.query('SELECT FROM users WHERE email = $1 FOR UPDATE NOWAIT', [email]),
    );
    expect(status).toBe(200);
    expect(transaction).not.toHaveBeenCalled();
    transaction.mockRestore();
  });

  it('another process replaces it, and both give the same answer', async () => {
    const answers: unknown[] = [];
    const { status, body } = await refreshAround(async () =>
      answers.push((await other.refresh(pair.refresh_token)).body),
    );
    expect(status).toBe(200);
    expect(answers).toEqual([body]);
    expect(await usable()).toEqual([]);
  });

  it.each([
    [
      'the session ends',
      `UPDATE sessions SET ended_at = now(), end_reason = 'logout' FROM users
       WHERE users.id = user_id AND email = $1`,
    ],
    ['the person is disabled', 'UPDATE users SET is_disabled = true WHERE email = $1'],
  ])('%s, and there is no successor', async (_name, change) => {
    const { status, body } = await refreshAround(() => other.dataSource.query(change, [email]));
    expect({ status, body }).toMatchObject({
      status: 401,
      body: { code: 'refresh_token_invalid' },
    });
    expect(
      await auth.dataSource.query(
        `SELECT count(*)::int AS tokens FROM refresh_tokens
         JOIN sessions ON sessions.id = session_id JOIN users ON users.id = user_id
         WHERE email = $1`,
        [email],
      ),
    ).toEqual([{ tokens: 1 }]);
  });

  it('the claims change, and the successor has the new ones', async () => {
    const { body } = await refreshAround(() =>
      other.dataSource.query('UPDATE users SET claims = $2 WHERE email = $1', [email, { a: 1 }]),
    );
    const payload = Buffer.from(body.access_token.split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(payload)).toMatchObject({ claims: { a: 1 } });
  });
});
