/** The clock tolerance of verifiers may use all of the pruning grace beyond this. */
const CLOCK_CORRECTION_MS = 1_000;

export interface PruneClockOptions {
  /** Milliseconds since the epoch. */
  readonly wallNow?: (() => number) | undefined;
  readonly monotonicNow: () => number;
}

/**
 * Clock manipulation (threat:clock-manipulation): the time by which entries may be forgotten. It is
 * never ahead of the wall clock, and a wall clock that is set forward does not move it, so entries
 * are forgotten late at worst.
 */
export class PruneClock {
  private readonly wallNow: () => number;
  private readonly monotonicNow: () => number;
  /** The least that the wall clock was ever ahead of the monotonic one. */
  private leadMs: number;
  private acknowledgedLeadMs: number;

  constructor({ wallNow = Date.now, monotonicNow }: PruneClockOptions) {
    this.wallNow = wallNow;
    this.monotonicNow = monotonicNow;
    this.leadMs = this.acknowledgedLeadMs = wallNow() - monotonicNow();
  }

  nowSeconds(): number {
    this.leadMs = Math.min(this.leadMs, this.wallNow() - this.monotonicNow());
    return (this.leadMs + this.monotonicNow()) / 1000;
  }

  /**
   * Whether the wall clock is now so far behind the time used for pruning that tokens
   * whose revocations were forgotten may pass for unexpired: a new snapshot is needed. Reported
   * once.
   */
  wasSetBack(): boolean {
    this.nowSeconds();
    const isSetBack = this.leadMs < this.acknowledgedLeadMs - CLOCK_CORRECTION_MS;
    if (isSetBack) this.acknowledgedLeadMs = this.leadMs;
    return isSetBack;
  }
}
