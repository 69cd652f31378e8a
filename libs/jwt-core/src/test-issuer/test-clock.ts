/** A running wall clock that a test can set forward or back. */
export class TestClock {
  private offsetMs = 0;

  /** Milliseconds since the epoch. Bound, for use in place of `Date.now`. */
  readonly now = (): number => Date.now() + this.offsetMs;

  /** Sets it forward, or back by a negative amount. */
  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
