import type { JwtCoreLog } from '../issuer/log.js';
import { backOffMs, spreadMs } from '../timing/back-off.js';

const RETRIES = { firstMs: 200, longestMs: 1_000 };

/** The failures of a feed in a row, from the first one to the next answer. */
export class FeedOutage {
  private failures = 0;
  private sinceMs = 0;

  constructor(
    private readonly monotonicNow: () => number,
    private readonly log: JwtCoreLog | undefined,
  ) {}

  get isOn(): boolean {
    return this.failures > 0;
  }

  /** Notes a failure. Returns how many milliseconds to wait before the next read. */
  noteFailure(error: unknown): number {
    this.failures += 1;
    if (this.failures === 1) {
      this.sinceMs = this.monotonicNow();
      const reason = error instanceof Error ? error.message : String(error);
      this.log?.warn(`Revocation feed lost: ${reason}`);
    }
    // Random, so that services do not all read at the same moment when the feed is back.
    return spreadMs(backOffMs(this.failures, RETRIES));
  }

  noteAnswer(): void {
    if (!this.isOn) return;
    this.failures = 0;
    const seconds = Math.round((this.monotonicNow() - this.sinceMs) / 1000);
    this.log?.log(`Revocation feed back after ${seconds} s`);
  }
}
