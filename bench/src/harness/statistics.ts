/**
 * The value below which the given share of the samples lies (nearest rank).
 *
 * @throws RangeError without samples
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('There are no samples');
  return value;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);
