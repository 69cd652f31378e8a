/** More kinds than a service has. */
const MAX_KINDS = 100;

interface Kind {
  readonly loggedAtMs: number;
  suppressed: number;
}

/** Lets one line of each kind through per interval, and counts the others. */
export class LineLimiter {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly intervalMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Whether a line may be logged now. If it may, the result is the number of lines of its kind that
   * were not since the one before; else `undefined`.
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
