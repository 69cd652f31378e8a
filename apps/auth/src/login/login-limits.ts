import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { UsersError } from '../users/users-error.js';
import { network } from './network.js';

/** An attempt to prove to be someone, whether or not there is such a person. */
export interface Attempt {
  /** The e-mail without regard to case. */
  readonly account: string;
  readonly address: string;
  /** The person has had a session from there. Asked only where it matters. */
  readonly isKnownAddress: () => Promise<boolean>;
}

/** So many failures are free. Each further one doubles the pause, from 1 s up to the longest. */
interface Limit {
  readonly key: string;
  readonly free: number;
  readonly longestSeconds: number;
}

/** After an hour without a failure, all is forgotten. */
const MEMORY_MS = 3_600_000;

/**
 * Password guessing: slows down whoever does it. In Postgres, so that it counts for all processes.
 *
 * Three things are counted: failures at this account from this address, at this account from all
 * over, and from this address at all accounts. The second pauses for a minute at most, and never
 * whoever comes from an address where the person has logged in before: that count is what an
 * attacker could use for victim lockout.
 */
@Injectable()
export class LoginLimits {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns whether there is something for `succeeded` to forgive.
   *
   * @throws UsersError `too_many_attempts` during a pause
   */
  async admit(attempt: Attempt): Promise<boolean> {
    const now = +this.clock.now();
    const { pair, address, everywhere } = limits(attempt);
    const rows = await this.dataSource.query<{ key: string; until: Date | null }[]>(
      'SELECT key, blocked_until AS until FROM login_limits WHERE key = ANY($1)',
      [[pair.key, address.key, everywhere.key]],
    );
    const pauses = new Map(rows.map(({ key, until }) => [key, until ? +until - now : 0]));
    const left = (limit: Limit): number => pauses.get(limit.key) ?? 0;
    let pauseMs = Math.max(left(pair), left(address));
    if (left(everywhere) > pauseMs && !(await attempt.isKnownAddress())) pauseMs = left(everywhere);
    if (pauseMs <= 0) return pauses.has(pair.key);
    throw new UsersError('too_many_attempts', 'Too many failed attempts', {
      retryAfterSeconds: Math.ceil(pauseMs / 1000),
    });
  }

  async failed(attempt: Attempt): Promise<void> {
    const now = this.clock.now();
    const { pair, address, everywhere } = limits(attempt);
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
    const { pair } = limits(attempt);
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

function limits({ account, address }: Attempt): Record<'pair' | 'address' | 'everywhere', Limit> {
  // The database needs no list of e-mails that people have mistyped.
  const accountKey = `account:${createHash('sha256').update(account).digest('base64url')}`;
  const party = network(address);
  return {
    pair: { key: `${accountKey}@${party}`, free: 5, longestSeconds: 900 },
    address: { key: `address:${party}`, free: 100, longestSeconds: 900 },
    everywhere: { key: accountKey, free: 50, longestSeconds: 60 },
  };
}
