/** What clients saw of one kind of call: outcomes and when. */
export class Seen {
  private readonly outcomes = new Map<string, { count: number; firstMs: number; lastMs: number }>();
  private latest = 'nothing';

  /** @param outcome `ok`, or what went wrong @param atMs since the clients began */
  add(outcome: string, atMs: number): void {
    const known = this.outcomes.get(outcome);
    this.outcomes.set(outcome, {
      count: (known?.count ?? 0) + 1,
      firstMs: known?.firstMs ?? atMs,
      lastMs: atMs,
    });
    this.latest = outcome;
  }

  /** The outcome of the last call. */
  get last(): string {
    return this.latest;
  }

  /** How often there was this one. */
  count(outcome: string): number {
    return this.outcomes.get(outcome)?.count ?? 0;
  }

  /** All but `ok`. */
  get troubles(): string[] {
    return [...this.outcomes.keys()].filter((outcome) => outcome !== 'ok');
  }

  /** Such as `120 ok, 7 × 503 database_unavailable from 2.1 s to 3.4 s`. */
  toString(): string {
    const ok = this.count('ok');
    const others = [...this.outcomes].filter(([outcome]) => outcome !== 'ok');
    return [
      `${ok} ok`,
      ...others.map(
        ([outcome, { count, firstMs, lastMs }]) =>
          `${count} × ${outcome} from ${seconds(firstMs)} to ${seconds(lastMs)}`,
      ),
    ].join(', ');
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
