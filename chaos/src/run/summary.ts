import type { ChaosOptions, ChaosResult } from './chaos-run.js';

const MOST_STORIES = 20;

/** What a run has shown, in lines for readers. */
export function summary(options: ChaosOptions, result: ChaosResult): string {
  const { tally, worst, clockMover, minted, plannedFaults, unacknowledged } = result;
  const { violations } = tally;
  const { stalenessMs, calmMs } = options.bounds;
  const stories = violations
    .slice(0, MOST_STORIES)
    .map(({ rule, story }, index) => `\n${index + 1}. ${rule}\n  ${story}`);
  const left = violations.length - stories.length;
  return [
    '',
    `seed ${options.seed}, ${options.durationMs / 1000} s`,
    `tokens minted       ${minted}`,
    `revocations         ${tally.revoked.total}: ${tally.revoked.toString()}`,
    `  not at first try  ${tally.retried}, never acknowledged ${unacknowledged}`,
    `faults              ${tally.faults.total} of ${plannedFaults}: ${tally.faults.toString()}`,
    `  clocks moved by   ${clockMover}`,
    `probes              ${tally.verdicts.total}: ${tally.verdicts.toString()}`,
    `worst reach         ${inMs(worst.calmMs)} with nothing broken (bound ${calmMs} ms), ` +
      `${inMs(worst.faultMs)} under faults (bound ${stalenessMs} ms)`,
    `recovered           ${inMs(tally.recoveredAfterMs)} after the last fault was mended`,
    `violations          ${violations.length}`,
    ...stories,
    ...(left > 0 ? [`\n... and ${left} more`] : []),
  ].join('\n');
}

const inMs = (ms: number) => `${Math.round(ms)} ms`;
