/**
 * A timer that keeps the earliest of the times it is set to. It does not keep the process alive.
 */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private atMs = Infinity;

  constructor(
    private readonly ring: () => void,
    private readonly monotonicNow: () => number,
  ) {}

  /** Rings once, at the latest after this delay. */
  within(delayMs: number): void {
    const atMs = this.monotonicNow() + delayMs;
    if (atMs >= this.atMs) return;
    this.clear();
    this.atMs = atMs;
    this.timer = setTimeout(() => {
      this.clear();
      this.ring();
    }, delayMs).unref();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.atMs = Infinity;
  }
}
