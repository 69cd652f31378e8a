/** How often something ended in which way. */
type Counts = Readonly<Record<string, number>>;

/** What happened in one minute, as one auth process counted. */
export interface Sample {
  readonly at: string;
  readonly logins: Counts;
  readonly refreshes: Counts;
  /** Requests by the verdict on their token. */
  readonly verdicts: Counts;
  /** Revocations in memory. */
  readonly listEntries: number;
  /** The longest way of a revocation into force; `null` if there was none. */
  readonly reachMs: number | null;
}

/** As `GET /admin/health` answers. */
export interface Health {
  /** Of the process that answered. Each counts for itself. */
  readonly process: string;
  readonly startedAt: string;
  readonly samples: readonly Sample[];
}

export interface Series {
  /** When the latest minute began, in seconds; `NaN` without any. */
  readonly latestAt: number;
  /** One number a minute, the latest last; `null` where there is nothing to show. */
  readonly values: readonly (number | null)[];
  readonly highest: number;
}

export function seriesOf(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | null,
): Series {
  const latestAt = Date.parse(samples.at(-1)?.at ?? '') / 1_000;
  const values = samples.map(valueOf);
  return { latestAt, values, highest: Math.max(0, ...values.filter((value) => value !== null)) };
}

const total = (counts: Counts) => Object.values(counts).reduce((sum, each) => sum + each, 0);

/** All but the good ones. */
export const refused = (counts: Counts, good: string) => total(counts) - (counts[good] ?? 0);

/** The reasons of an hour with how often each was met, the most frequent first. */
export function reasonsOf(
  samples: readonly Sample[],
  countsOf: (sample: Sample) => Counts,
  good: string,
): [reason: string, count: number][] {
  const sums = new Map<string, number>();
  for (const sample of samples) {
    for (const [reason, count] of Object.entries(countsOf(sample))) {
      if (reason !== good && count > 0) sums.set(reason, (sums.get(reason) ?? 0) + count);
    }
  }
  return [...sums].sort(([, one], [, other]) => other - one);
}
