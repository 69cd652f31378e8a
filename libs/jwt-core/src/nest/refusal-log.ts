const WINDOW_MS = 10_000;
/** More than there are reasons, unless an application has very many scopes. */
const MOST_LINES = 50;

/**
 * Logs why callers are refused. Anyone can cause refusals: each reason is logged once in ten seconds,
 * with the number of times that it was left out in the ten seconds before.
 */
export class RefusalLog {
  private counts = new Map<string, number>();
  private before = new Map<string, number>();
  private startedAtMs = -Infinity;

  constructor(
    private readonly log: { debug(message: string): void },
    private readonly monotonicNow: () => number = () => performance.now(),
  ) {}

  note(reason: string): void {
    const nowMs = this.monotonicNow();
    if (nowMs - this.startedAtMs >= WINDOW_MS) this.startWindow(nowMs);
    const count = this.counts.get(reason) ?? 0;
    if (count === 0 && this.counts.size === MOST_LINES) return;
    this.counts.set(reason, count + 1);
    if (count > 0) return;
    const suppressed = (this.before.get(reason) ?? 1) - 1;
    this.log.debug(suppressed > 0 ? `${reason} (and ${suppressed} times before)` : reason);
  }

  private startWindow(nowMs: number): void {
    // Reasons of an older window than the last would be reported as if they were recent.
    this.before =
      nowMs - this.startedAtMs < 2 * WINDOW_MS ? this.counts : new Map<string, number>();
    this.counts = new Map();
    this.startedAtMs = nowMs;
  }
}
