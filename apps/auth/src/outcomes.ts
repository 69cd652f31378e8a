import { counters, type MetricSource } from '@jwt-auth/chassis';

/** `succeeded`, the `code` of an expected error, or `failed` for any other error. */
type Outcome<Expected extends string> = Expected | 'succeeded' | 'failed';

/** How often something succeeded and failed since the process began, by outcome. Plain counts, for metrics. */
export class Outcomes<Expected extends string = string> {
  private readonly byOutcome: Map<string, number>;

  /** @param expected the `code`s that have a count of their own: a bounded list */
  constructor(expected: readonly Expected[]) {
    const all: Outcome<Expected>[] = ['succeeded', ...expected, 'failed'];
    this.byOutcome = new Map(all.map((outcome) => [outcome, 0]));
  }

  /** A copy, with every possible outcome. */
  get counts(): Readonly<Record<Outcome<Expected>, number>> {
    return Object.fromEntries(this.byOutcome) as Record<Outcome<Expected>, number>;
  }

  /** Counts the outcome of `work`, and returns or throws it. */
  async of<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.note('succeeded');
      return result;
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      this.note(typeof code === 'string' && this.byOutcome.has(code) ? code : 'failed');
      throw error;
    }
  }

  private note(outcome: string): void {
    this.byOutcome.set(outcome, (this.byOutcome.get(outcome) ?? 0) + 1);
  }
}

/** A counter with a label `outcome` for each of them. */
export function outcomeMetrics(name: string, help: string, outcomes: Outcomes): MetricSource {
  return (registry) => counters(registry, { name, help, label: 'outcome' }, () => outcomes.counts);
}
