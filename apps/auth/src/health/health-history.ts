import { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';

import { Clock } from '../clock.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { CredentialsService } from '../users/credentials.service.js';

export type Counts = Readonly<Record<string, number>>;

/** What happened in one minute. */
export interface Sample {
  readonly at: Date;
  readonly logins: Counts;
  readonly refreshes: Counts;
  readonly verdicts: Counts;
  readonly listEntries: number;
  /** The longest way of a revocation into force here; `null` if there was none. */
  readonly reachMs: number | null;
}

const MINUTE_MS = 60_000;
/** An hour, with the minute that runs. */
const KEPT = 60;

type Totals = Pick<Sample, 'at' | 'logins' | 'refreshes' | 'verdicts'>;

/**
 * The last hour of this process, minute by minute, in some ten kilobytes of memory. For pages that
 * have no monitoring system beside them; the metrics are for those that have.
 */
@Injectable()
export class HealthHistory {
  readonly startedAt: Date;
  private readonly minutes: Sample[] = [];
  private begun: Totals;
  private reachMs: number | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly login: CredentialsService,
    private readonly refreshing: RefreshService,
    private readonly jwtCore: JwtCoreStatistics,
    private readonly clock: Clock,
  ) {
    this.begun = this.totals();
    this.startedAt = this.begun.at;
    jwtCore.onReach((ms) => (this.reachMs = Math.max(this.reachMs ?? 0, ms)));
  }

  /** The oldest first; the last one is the minute that runs. */
  get samples(): readonly Sample[] {
    return [...this.minutes, this.current()];
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.endMinute(), MINUTE_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  endMinute(): void {
    this.minutes.push(this.current());
    if (this.minutes.length >= KEPT) this.minutes.shift();
    this.begun = this.totals();
    this.reachMs = null;
  }

  private totals(): Totals {
    return {
      at: this.clock.now(),
      logins: this.login.outcomes.counts,
      refreshes: this.refreshing.outcomes.counts,
      // The same object each time, which changes.
      verdicts: { ...this.jwtCore.verdicts },
    };
  }

  private current(): Sample {
    const { begun, reachMs } = this;
    const now = this.totals();
    return {
      at: begun.at,
      logins: difference(now.logins, begun.logins),
      refreshes: difference(now.refreshes, begun.refreshes),
      verdicts: difference(now.verdicts, begun.verdicts),
      listEntries: this.jwtCore.revocationList.entries,
      reachMs,
    };
  }
}

function difference(now: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}
