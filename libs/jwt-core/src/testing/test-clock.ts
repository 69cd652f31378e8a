/** A wall clock that a test can set ahead or back. It goes on ticking. */
export class TestClock {
  private offsetMs = 0;

  /** Milliseconds since the epoch. Bound, to be handed out in place of `Date.now`. */
  readonly now = (): number => Date.now() + this.offsetMs;

  /** Sets it ahead, or back by a negative amount. */
  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
