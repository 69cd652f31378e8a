import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { UsersError } from './users.errors.js';
import { limitsOf, type Attempt, type Limit } from './login-attempt.js';
import type { LoginRecord } from './login-record.js';

/** After an hour without a failure, all is forgotten. */
const MEMORY_MS = 3_600_000;

/**
 * Password guessing (threat:password-guessing): slows down whoever does it. In Postgres, so that it counts for all processes.
 *
 * Three things are counted: failures at this account from this address, at this account from all
 * over, and from this address at all accounts. The second pauses for a minute at most, and never
 * whoever comes from an address where the person has logged in before: that count is what an
 * attacker could use for victim lockout (threat:victim-lockout).
 */
@Injectable()
export class LoginLimits {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @throws UsersError `too_many_attempts` during a pause */
  async admit(attempt: Attempt, { blockedUntil }: LoginRecord): Promise<void> {
    const now = +this.clock.now();
    const left = (until: Date | null): number => (until ? +until - now : 0);
    const everywhereMs = left(blockedUntil.everywhere);
    let pauseMs = Math.max(left(blockedUntil.pair), left(blockedUntil.address));
    if (everywhereMs > pauseMs && !(await attempt.isKnownAddress())) pauseMs = everywhereMs;
    if (pauseMs <= 0) return;
    throw new UsersError('too_many_attempts', 'Too many failed attempts', {
      retryAfterSeconds: Math.ceil(pauseMs / 1000),
    });
  }

  async failed(attempt: Attempt): Promise<void> {
    const now = this.clock.now();
    const { pair, address, everywhere } = limitsOf(attempt);
    const counted = [pair, address, ...((await attempt.isKnownAddress()) ? [] : [everywhere])];
    const byKey = new Map(counted.map((limit) => [limit.key, limit]));
    const counts = await this.dataSource.query<{ key: string; failures: number }[]>(
      `INSERT INTO login_limits AS known (key, failures, forgotten_at)
       SELECT key, 1, $2 FROM unnest($1::text[]) AS key
       ON CONFLICT (key) DO UPDATE SET
         failures = CASE WHEN known.forgotten_at <= $3 THEN 1 ELSE known.failures + 1 END,
         forgotten_at = excluded.forgotten_at
       RETURNING key, failures`,
      // Sorted: two failures at once would else wait for each other's rows.
      [[...byKey.keys()].sort(), new Date(+now + MEMORY_MS), now],
    );
    for (const { key, failures } of counts) {
      const pauseMs = pauseSeconds(failures, byKey.get(key)) * 1000;
      if (pauseMs > 0) await this.block(key, new Date(+now + pauseMs));
    }
  }

  /** Forgives this account at this address. Not the others: an attacker has an account as well. */
  async succeeded(attempt: Attempt): Promise<void> {
    const { pair } = limitsOf(attempt);
    await this.dataSource.query('DELETE FROM login_limits WHERE key = $1', [pair.key]);
  }

  private async block(key: string, until: Date): Promise<void> {
    await this.dataSource.query(
      'UPDATE login_limits SET blocked_until = greatest(blocked_until, $2) WHERE key = $1',
      [key, until],
    );
  }
}

function pauseSeconds(failures: number, limit: Limit | undefined): number {
  if (!limit || failures <= limit.free) return 0;
  return Math.min(2 ** (failures - limit.free - 1), limit.longestSeconds);
}
