/** Where a value lies on a chart: from 0 to 1. */
export interface Scale {
  readonly kind: 'linear' | 'logarithmic';
  readonly at: (value: number) => number;
  /** Values worth a line across the chart. */
  readonly ticks: readonly number[];
}

/** Beyond that the shortest bar of a linear chart could not be seen. */
const widestLinear = 30;

/**
 * A linear scale from zero, or one of powers of ten where the values differ by more than an order
 * of magnitude and a half.
 */
export function scaleOf(values: readonly number[]): Scale {
  const most = Math.max(...values, 0);
  const least = Math.min(...values.filter((value) => value > 0));
  return most / least > widestLinear ? logarithmic(least, most) : linear(most);
}

function linear(most: number): Scale {
  const step = roundStep(most / 4);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return { kind: 'linear', at: (value) => (most > 0 ? value / most : 0), ticks };
}

function logarithmic(least: number, most: number): Scale {
  const first = Math.ceil(Math.log10(least)) - 1;
  const span = Math.log10(most) - first;
  const decades = Math.floor(Math.log10(most)) - first + 1;
  return {
    kind: 'logarithmic',
    at: (value) => (value > 0 ? Math.max(0, (Math.log10(value) - first) / span) : 0),
    ticks: Array.from({ length: decades }, (_, index) => 10 ** (first + index)),
  };
}

/** The next of 1, 2, 5, 10, 20, 50 … that is not less. */
export function roundStep(value: number): number {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5].find((each) => each * unit >= value * (1 - 1e-9)) ?? 10;
  return factor * unit;
}
