import { describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile();
let count = 0;

async function newUser(): Promise<{ email: string; id: string }> {
  const email = `many-sessions-${(count += 1)}@example.com`;
  const { body } = await auth.register(email);
  return { email, id: body.id };
}

/**
 * More than the 65,535 parameters that a statement can have. Of those with an access token, which are
 * enough for a statement with three parameters for each, 500 have one that has expired.
 */
const MANY = 66_000;

async function openManySessions(userId: string, withAccessToken: number): Promise<void> {
  await auth.dataSource.transaction(async (manager) => {
    // Foreign keys are not checked: that takes longer than the rest.
    await manager.query('SET LOCAL session_replication_role = replica');
    await manager.query('SET LOCAL statement_timeout = 0');
    await manager.query(
      `WITH made AS (
         INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
         SELECT gen_random_uuid(), $1, '192.0.2.1', now(), now(), now() + interval '1 day'
         FROM generate_series(1, $2) RETURNING id
       )
       INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, access_token_id,
         access_token_expires_at)
       SELECT sha256(id::text::bytea), id, now(), now() + interval '1 day', gen_random_uuid(),
         now() + CASE WHEN row_number() OVER () > 500 THEN 1 ELSE -1 END * interval '10 minutes'
       FROM made LIMIT $3`,
      [userId, MANY, withAccessToken],
    );
  });
}

const openAndRevoked = async (userId: string) => {
  const [counts] = await auth.dataSource.query<object[]>(
    `SELECT count(*) FILTER (WHERE ended_at IS NULL)::int AS open,
       (SELECT count(*)::int FROM revoked_tokens WHERE kind = 'sid'
         AND id IN (SELECT id::text FROM sessions WHERE user_id = $1)) AS revoked
     FROM sessions WHERE user_id = $1`,
    [userId],
  );
  return counts;
};

describe('66,000 sessions of one user', () => {
  it('end at once, and those that can still be used are published', async () => {
    const { email, id } = await newUser();
    const { access_token: token } = await auth.login(email);
    await openManySessions(id, 22_500);
    expect((await auth.call('POST', '/auth/logout-everywhere', { token })).status).toBe(204);
    expect(await openAndRevoked(id)).toEqual({ open: 0, revoked: 22_001 });
    expect((await auth.call('GET', '/auth/me', { token })).status).toBe(401);
  }, 60_000);

  it('from before there was a bound end with the next login', async () => {
    const { email, id } = await newUser();
    await openManySessions(id, 0);
    await auth.login(email);
    expect(await openAndRevoked(id)).toMatchObject({ open: 100 });
  }, 60_000);
});
