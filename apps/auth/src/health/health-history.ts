import type { Clock } from '../clock.js';

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

/** Where the numbers come from. Counts only grow. */
export interface HealthSources {
  readonly logins: () => Counts;
  readonly refreshes: () => Counts;
  readonly verdicts: () => Counts;
  readonly listEntries: () => number;
  /** Calls the listener with each reach. */
  readonly onReach: (listener: (ms: number) => void) => void;
}

const MINUTE_MS = 60_000;
/** An hour, with the minute that runs. */
const KEPT = 60;

type Totals = Pick<Sample, 'at' | 'logins' | 'refreshes' | 'verdicts'>;

/**
 * The last hour of this process, minute by minute, in some ten kilobytes of memory. For pages that
 * have no monitoring system beside them; the metrics are for those that have.
 */
export class HealthHistory {
  readonly startedAt: Date;
  private readonly minutes: Sample[] = [];
  private begun: Totals;
  private reachMs: number | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sources: HealthSources,
    private readonly clock: Clock,
  ) {
    this.begun = this.totals();
    this.startedAt = this.begun.at;
    sources.onReach((ms) => (this.reachMs = Math.max(this.reachMs ?? 0, ms)));
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
    const { logins, refreshes, verdicts } = this.sources;
    const counts = { logins: logins(), refreshes: refreshes(), verdicts: { ...verdicts() } };
    return { at: this.clock.now(), ...counts };
  }

  private current(): Sample {
    const { begun, reachMs } = this;
    const now = this.totals();
    return {
      at: begun.at,
      logins: difference(now.logins, begun.logins),
      refreshes: difference(now.refreshes, begun.refreshes),
      verdicts: difference(now.verdicts, begun.verdicts),
      listEntries: this.sources.listEntries(),
      reachMs,
    };
  }
}

function difference(now: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}
