/** How long to wait between attempts, in milliseconds. */
export interface BackOff {
  /** After the first failure. Doubled by each further one. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Exponential back-off: how long to wait after so many failures in a row.
 *
 * @param failures from 1 on. 0 gives 0.
 */
export function backOffMs(failures: number, { firstMs, longestMs }: BackOff): number {
  return failures === 0 ? 0 : Math.min(firstMs * 2 ** (failures - 1), longestMs);
}

/**
 * A random time between a share of this and all of it, so that clients that lost a server at the
 * same moment do not all return at the same moment.
 */
export function spreadMs(ms: number, leastShare = 0.5): number {
  return ms * (leastShare + Math.random() * (1 - leastShare));
}
