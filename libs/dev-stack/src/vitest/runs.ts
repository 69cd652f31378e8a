import * as fc from 'fast-check';

/** Every `npm test` tries the same cases, so that it fails by a change alone. */
const SEED = 19;

/** Whether this is `npm run fuzz`, which tries other cases each time. */
export const isFuzzing = process.env['FUZZ_SECONDS'] !== undefined;

/** Less than a test may take, so that a failure is reported with its seed while it is still shrunk. */
const LONGEST_MS = 30_000;

type Runs = Pick<fc.Parameters<unknown>, 'numRuns' | 'seed' | 'path' | 'plugins'>;

/**
 * How often `fc.assert` tries a property: so many times in `npm test`, if half a minute is enough for
 * it, and in `npm run fuzz` until the share of this property is over, or `fuzzed` times. With the seed
 * and the path of a failed run in `FUZZ_SEED` and `FUZZ_PATH` it tries the same case again.
 */
export function runs(count: number, fuzzed?: number): Runs {
  const { FUZZ_SECONDS, FUZZ_SEED, FUZZ_PATH } = process.env;
  const seed = FUZZ_SEED === undefined ? SEED : Number(FUZZ_SEED);
  const same = FUZZ_PATH === undefined ? { seed } : { seed, path: FUZZ_PATH };
  if (FUZZ_SECONDS !== undefined && fuzzed !== undefined) return { ...same, numRuns: fuzzed };
  const [numRuns, longestMs] =
    FUZZ_SECONDS === undefined ? [count, LONGEST_MS] : [2 ** 31 - 1, Number(FUZZ_SECONDS) * 1000];
  return { ...same, numRuns, plugins: [fc.interruptAfterTimeLimit(longestMs)] };
}
