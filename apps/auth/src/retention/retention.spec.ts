import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { RetentionService } from './retention.service.js';

let auth: AuthApp;
let userId: string;
beforeAll(async () => {
  auth = await AuthApp.start();
  // What comes by itself would take the work away.
  await auth.get(RetentionService).onModuleDestroy();
  userId = (await auth.register('ada@example.com')).body.id;
});
afterAll(() => auth.close());
afterEach(() => auth.dataSource.query('DELETE FROM sessions'));

const query = <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  auth.dataSource.query(sql, parameters);
const retention = () => new RetentionService(auth.dataSource);
const countOf = async (table: string): Promise<number> =>
  (await query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]?.count ?? NaN;

const waitingFor = async (table: string): Promise<number> =>
  (await query(`SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass`, [table]))
    .length;

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

describe('retention', () => {
  it('removes sessions and their tokens a day after they expired, in as many batches as it takes', async () => {
    await addSessions(2_500, -25);
    await addSessions(2, -23);
    await addSessions(3, 1);
    expect(await retention().removeExpired()).toEqual({ refresh_tokens: 2_500, sessions: 2_500 });
    expect([await countOf('sessions'), await countOf('refresh_tokens')]).toEqual([5, 5]);
  });

  it('keeps the session of a token that died of disuse, and a token beside a living one', async () => {
    await addSessions(2, 24);
    await query(`UPDATE refresh_tokens SET expires_at = now() - interval '2 days'`);
    await query(
      `UPDATE refresh_tokens SET access_token_expires_at = now() - interval '2 days'
       WHERE hash = (SELECT min(hash::text)::bytea FROM refresh_tokens)`,
    );
    expect(await retention().removeExpired()).toEqual({ refresh_tokens: 1 });
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
    expect(await retention().removeExpired()).toEqual({ revoked_tokens: 1, login_limits: 1 });
    expect(await query('SELECT id FROM revoked_tokens ORDER BY id')).toEqual([
      { id: 'h-23' },
      { id: 'h1' },
    ]);
  });

  it('removes reference tokens as soon as they have expired', async () => {
    await query(
      `INSERT INTO reference_tokens (hash, claims, expires_at)
       SELECT sha256(minutes::text::bytea), '{}', now() + minutes * interval '1 minute'
       FROM unnest('{-60,-2,1}'::int[]) AS minutes`,
    );
    expect(await retention().removeExpired()).toEqual({ reference_tokens: 2 });
    expect(await countOf('reference_tokens')).toBe(1);
  });

  it('passes over what someone else holds locked', async () => {
    await addSessions(3, -48);
    await auth.dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM refresh_tokens LIMIT 1 FOR UPDATE');
      await manager.query(
        `SELECT FROM sessions WHERE id IN (SELECT session_id FROM refresh_tokens LIMIT 1) FOR UPDATE`,
      );
      expect(await retention().removeExpired()).toMatchObject({ refresh_tokens: 2, sessions: 2 });
    });
    expect(await retention().removeExpired()).toEqual({ refresh_tokens: 1, sessions: 1 });
  });

  it('leaves the work to another process that is at it', async () => {
    await addSessions(1, -48);
    await auth.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [0x72657461]);
      expect(await retention().removeExpired()).toEqual({});
    });
    expect(await retention().removeExpired()).toEqual({ refresh_tokens: 1, sessions: 1 });
  });

  it('ends after the batch that it is at when the service stops', async () => {
    await addSessions(1_500, -48);
    const stopping = retention();
    const removing = await auth.dataSource.transaction(async (manager) => {
      await manager.query('LOCK TABLE sessions IN SHARE ROW EXCLUSIVE MODE');
      const result = stopping.removeExpired();
      await vi.waitFor(async () => expect(await waitingFor('sessions')).toBe(1), 10_000);
      void stopping.onModuleDestroy();
      return { result };
    });
    expect(await removing.result).toEqual({ refresh_tokens: 1_500, sessions: 1_000 });
    expect(await retention().removeExpired()).toEqual({ sessions: 500 });
  });

  it('comes soon after the start, then again and again, until the service stops', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const service = retention();
      const removeExpired = vi.spyOn(service, 'removeExpired').mockResolvedValue({});
      service.onApplicationBootstrap();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(removeExpired).not.toHaveBeenCalled();
      removeExpired.mockRejectedValueOnce(new Error('the database is away'));
      await vi.advanceTimersByTimeAsync(6_000);
      expect(removeExpired).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(290_000);
      expect(removeExpired).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(3 * 900_000);
      expect(removeExpired.mock.calls.length).toBeGreaterThanOrEqual(3);
      await service.onModuleDestroy();
      removeExpired.mockClear();
      await vi.advanceTimersByTimeAsync(1_800_000);
      expect(removeExpired).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
