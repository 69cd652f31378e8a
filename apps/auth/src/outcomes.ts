import { counters, type MetricSource } from '@jwt-auth/chassis';

/** How it ended: well, in one of the ways that are foreseen, or in another one (`failed`). */
type Outcome<Foreseen extends string> = Foreseen | 'succeeded' | 'failed';

/** How often something ended in which way, since the process began. Plain counts, for metrics. */
export class Outcomes<Foreseen extends string = string> {
  private readonly byOutcome: Map<string, number>;

  /** @param foreseen the `code`s of errors that are told apart, and no others: they are bounded */
  constructor(foreseen: readonly Foreseen[]) {
    const all: Outcome<Foreseen>[] = ['succeeded', ...foreseen, 'failed'];
    this.byOutcome = new Map(all.map((outcome) => [outcome, 0]));
  }

  /** A copy, with every outcome that there can be. */
  get counts(): Readonly<Record<Outcome<Foreseen>, number>> {
    return Object.fromEntries(this.byOutcome) as Record<Outcome<Foreseen>, number>;
  }

  /** Counts how this ends, and hands it on. */
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
