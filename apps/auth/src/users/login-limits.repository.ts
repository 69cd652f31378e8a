import { execute, type ExpiredRows, type Statement } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { AttemptLimits } from './attempt-limits.js';
import { LoginLimit } from './login-limit.entity.js';

export const FORGOTTEN_LOGIN_LIMITS: ExpiredRows = {
  entity: LoginLimit,
  condition: `expired.forgottenAt < now() - interval '1 day'`,
  age: 'forgottenAt',
};

const FORGOTTEN_AFTER_MS = 3_600_000;
const LONGEST_PAUSE_MS = 60_000;

export interface CountedKey {
  readonly key: string;
  /** The attempt was counted during a pause. `null`: it is the first of this count. */
  readonly wasPaused: boolean | null;
}

// Each login runs these, the first one while other passwords wait. They are named so that a connection
// parses and plans them once.

const PAUSED_UNTIL: Statement = {
  name: 'login_limits.paused_until',
  text: `
    SELECT max(blocked_until) AS until FROM login_limits
    WHERE key = ANY($1) AND blocked_until > $2 AND failures >= $3::float8`,
};

// In the order of the keys: otherwise two attempts could each lock a row that the other waits for.
// The subquery in RETURNING sees the row as it was before the statement.
const COUNT: Statement = {
  name: 'login_limits.count',
  text: `
    INSERT INTO login_limits AS counted (key, free, failures, attempt_id, forgotten_at)
    SELECT key, free, 1, $3, $4 FROM unnest($1::text[], $2::int[]) AS counts (key, free)
    -- Most attempts during a pause end here, without a write.
    WHERE NOT EXISTS (
      SELECT FROM login_limits WHERE key = ANY($1) AND blocked_until > $5 AND failures >= $8::float8
    )
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
      free = excluded.free,
      failures = CASE WHEN counted.forgotten_at <= $5 THEN 1 ELSE counted.failures + 1 END,
      blocked_until = CASE
        WHEN counted.forgotten_at > $5 AND counted.failures >= excluded.free
        THEN $5::timestamptz + interval '1 second'
          * least(2 ^ least(counted.failures - excluded.free, 10), $6::float8)
      END,
      attempt_id = excluded.attempt_id,
      forgotten_at = CASE
        WHEN $7 OR counted.forgotten_at <= $5 THEN excluded.forgotten_at
        ELSE counted.forgotten_at
      END
    WHERE counted.blocked_until IS NULL OR counted.blocked_until <= $5
      OR counted.failures < $8::float8
    RETURNING key,
      (SELECT blocked_until > $5 FROM login_limits AS before WHERE before.key = counted.key)
        AS "wasPaused"`,
};

const TAKE_BACK: Statement = {
  name: 'login_limits.take_back',
  text: `
    WITH mine AS (
      SELECT key FROM login_limits WHERE key = ANY($1::text[] || $3::text[]) ORDER BY key FOR UPDATE
    ), forgotten AS (
      DELETE FROM login_limits USING mine
      WHERE login_limits.key = mine.key AND mine.key = ANY($3)
    )
    UPDATE login_limits AS counted SET
      failures = greatest(failures - 1, 0),
      blocked_until = CASE WHEN attempt_id IS DISTINCT FROM $2 THEN blocked_until END
    FROM mine WHERE counted.key = mine.key AND mine.key <> ALL($3)`,
};

/**
 * All SQL of `login_limits`. In Postgres, so that the limits hold across processes.
 *
 * The names say what the table was made for. It also counts mails, exports and registrations, and
 * in its column `failures` those that succeed, too (`Limit.countsSuccess`).
 */
@Injectable()
export class LoginLimitsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The end of the longest pause. `null`: none of the counts is paused. */
  async pausedUntil(
    { limits, allowedDespitePause }: AttemptLimits,
    now: Date,
  ): Promise<Date | null> {
    const values = [limits.map(({ key }) => key), now, allowedDespitePause];
    const { manager } = this.dataSource;
    const rows = await execute<{ until: Date | null }>(manager, PAUSED_UNTIL, values);
    const [row] = rows as [{ until: Date | null }];
    return row.until;
  }

  /**
   * Adds an attempt to each count that is not paused, and starts the pause that follows it. Each row
   * decides under its own lock: of simultaneous attempts at any processes, only one passes where only
   * one is left.
   *
   * @returns the counts that include the attempt. If one is missing, the attempt is not allowed.
   */
  async count(
    {
      limits,
      allowedDespitePause,
      forgottenAfter,
      longestPauseMs = LONGEST_PAUSE_MS,
    }: AttemptLimits,
    attemptId: string,
    now: Date,
  ): Promise<CountedKey[]> {
    const rows = await execute<CountedKey>(this.dataSource.manager, COUNT, [
      limits.map(({ key }) => key),
      limits.map(({ free }) => free),
      attemptId,
      new Date(+now + FORGOTTEN_AFTER_MS),
      now,
      longestPauseMs / 1000,
      forgottenAfter === 'last',
      allowedDespitePause,
    ]);
    return rows;
  }

  /** Removes an attempt and the pause that it started, and deletes the counts in `forgotten`. */
  async takeBack(
    keys: readonly string[],
    attemptId: string,
    forgotten: readonly string[] = [],
  ): Promise<void> {
    await execute(this.dataSource.manager, TAKE_BACK, [[...keys], attemptId, [...forgotten]]);
  }
}
