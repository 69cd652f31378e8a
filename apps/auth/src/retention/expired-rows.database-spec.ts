import { Retention } from '@jwt-auth/chassis';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { EXPIRED_ROWS } from './expired-rows.js';

const auth = AuthApp.forFile();
let userId: string;
beforeAll(async () => {
  // What comes by itself would take the work away.
  await auth.get(Retention).onModuleDestroy();
  userId = (await auth.register('ada@example.com')).body.id;
});
afterEach(() => auth.dataSource.query('DELETE FROM sessions'));

const query = <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  auth.dataSource.query(sql, parameters);
const removeExpired = () => new Retention(auth.dataSource, { rows: EXPIRED_ROWS }).removeExpired();
const countOf = async (table: string): Promise<number> =>
  (await query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]?.count ?? NaN;

/** Sessions with a token each, which expire so many hours from now. */
const addSessions = (count: number, hours: number): Promise<object[]> =>
  query(
    `WITH added AS (
       INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
       SELECT gen_random_uuid(), $1, '127.0.0.1', now(), now(), now() + $3 * interval '1 hour'
       FROM generate_series(1, $2::int) RETURNING id, expires_at
     )
     INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, access_token_id,
       access_token_expires_at)
     SELECT sha256(id::text::bytea), id, now(), expires_at, gen_random_uuid(), expires_at
     FROM added`,
    [userId, count, hours],
  );

describe('retention in auth', () => {
  it('removes sessions and their tokens a day after they expired', async () => {
    await addSessions(3, -25);
    await addSessions(2, -23);
    await addSessions(3, 1);
    expect(await removeExpired()).toEqual({ refresh_tokens: 3, sessions: 3 });
    expect([await countOf('sessions'), await countOf('refresh_tokens')]).toEqual([5, 5]);
  });

  it('keeps the session of a token that died of disuse, and a token beside a living one', async () => {
    await addSessions(2, 24);
    await query(`UPDATE refresh_tokens SET expires_at = now() - interval '2 days'`);
    await query(
      `UPDATE refresh_tokens SET access_token_expires_at = now() - interval '2 days'
       WHERE hash = (SELECT min(hash::text)::bytea FROM refresh_tokens)`,
    );
    expect(await removeExpired()).toEqual({ refresh_tokens: 1 });
    expect(await countOf('sessions')).toBe(2);
  });

  it('removes revocations and counts of failures that nobody asks for any more', async () => {
    await query(
      `INSERT INTO revoked_tokens (kind, id, exp)
       SELECT 'jti', 'h' || hours, extract(epoch FROM now() + hours * interval '1 hour')::bigint
       FROM unnest('{-25,-23,1}'::int[]) AS hours`,
    );
    await query(
      `INSERT INTO login_limits (key, failures, forgotten_at)
       SELECT hours, 1, now() + hours * interval '1 hour' FROM unnest('{-25,-23}'::int[]) AS hours`,
    );
    expect(await removeExpired()).toEqual({ revoked_tokens: 1, login_limits: 1 });
    expect(await query('SELECT id FROM revoked_tokens ORDER BY id')).toEqual([
      { id: 'h-23' },
      { id: 'h1' },
    ]);
  });

  it('removes what no second factor is proved for any more, a day after it expired', async () => {
    const added = (table: string, columns: string, values: string) =>
      query(
        `INSERT INTO ${table} (${columns}, expires_at)
         SELECT ${values}, now() + hours * interval '1 hour' FROM unnest('{-25,-23}'::int[]) AS hours`,
        values.includes('$1') ? [userId] : [],
      );
    const hash = 'sha256(hours::text::bytea)';
    await added(
      'login_tickets',
      'hash, user_id, password_changed_at, request, guesses',
      `${hash}, $1::uuid, now(), '{}', 0`,
    );
    await added('passkey_challenges', 'hash, bound_to', `${hash}, 'login'`);
    await query(
      `INSERT INTO totp_enrolments VALUES ($1, gen_random_uuid(), 'x', '', now() - interval '25 hours')`,
      [userId],
    );
    expect(await removeExpired()).toEqual({
      ...{ login_tickets: 1, passkey_challenges: 1, totp_enrolments: 1 },
    });
  });

  it('removes users who never verified their e-mail and never logged in, after 30 days', async () => {
    const add = async (email: string, changed: string, days = 31) => {
      await query(
        `INSERT INTO users (id, email, email_key, password_hash, password_changed_at, roles,
           is_disabled, claims, created_at, registration)
         VALUES (gen_random_uuid(), $1, $1, '', now() - $2 * interval '1 day', '{user}', false, '{}',
           now() - interval '1 year', 'pending')`,
        [email, days],
      );
      await query(changed.replaceAll(':id', '(SELECT id FROM users WHERE email = $1)'), [email]);
    };
    const nothing = 'SELECT $1::text';
    const set = (columns: string) => `UPDATE users SET ${columns} WHERE email = $1`;
    await add('gone@example.com', nothing);
    await add('waits@example.com', nothing, 29);
    await add('verified@example.com', set('email_verified_at = now()'));
    await add('open@example.com', set(`registration = 'open'`));
    await add('barred@example.com', set('is_disabled = true'));
    await add('known@example.com', `INSERT INTO known_networks VALUES (:id, '192.0.2.1', now())`);
    await add('clerk@example.com', set(`roles = '{user,clerk}'`));
    await add('gold@example.com', set(`claims = '{"plan": "gold"}'`));
    expect(await removeExpired()).toEqual({ users: 1 });
    const left = await query<{ email: string }>('SELECT email FROM users ORDER BY email');
    expect(left.map(({ email }) => email.split('@')[0])).toEqual([
      'ada',
      'barred',
      'clerk',
      'gold',
      'known',
      'open',
      'verified',
      'waits',
    ]);
    const removed = await query(`SELECT FROM audit_events WHERE action = 'user.removed'`);
    expect(removed).toHaveLength(1);
    await query('DELETE FROM users WHERE id <> $1', [userId]);
  });

  it('removes reference tokens as soon as they have expired', async () => {
    await query(
      `INSERT INTO reference_tokens (hash, claims, expires_at)
       SELECT sha256(minutes::text::bytea), '{}', now() + minutes * interval '1 minute'
       FROM unnest('{-60,-2,1}'::int[]) AS minutes`,
    );
    expect(await removeExpired()).toEqual({ reference_tokens: 2 });
    expect(await countOf('reference_tokens')).toBe(1);
  });
});
