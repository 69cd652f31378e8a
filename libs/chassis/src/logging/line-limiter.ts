/** More kinds than a service has. */
const MAX_KINDS = 100;

interface Kind {
  readonly loggedAtMs: number;
  suppressed: number;
}

/** Admits one line of each kind per interval, and counts the others. */
export class LineLimiter {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly intervalMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * `undefined` if a line of this kind must not be logged now. Else the number of lines of its kind
   * that were left out since the last one.
   */
  admit(kind: string): number | undefined {
    const known = this.kinds.get(kind);
    const now = this.nowMs();
    if (known && now - known.loggedAtMs < this.intervalMs) {
      known.suppressed += 1;
      return undefined;
    }
    if (!known && this.kinds.size >= MAX_KINDS) this.kinds.clear();
    this.kinds.set(kind, { loggedAtMs: now, suppressed: 0 });
    return known?.suppressed ?? 0;
  }
}
