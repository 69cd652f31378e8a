import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ChaosRun, type ChaosOptions } from './run/chaos-run.js';
import { summary } from './run/summary.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);

if (!(minutes > 0 && minutes <= 24 * 60)) {
  console.error('--minutes is a number above 0, up to 1440');
  process.exitCode = 2;
} else {
  const options: ChaosOptions = {
    seed: values.seed ?? String(randomInt(1e9)),
    durationMs: minutes * 60_000,
    bounds: { stalenessMs: 3_000, calmMs: 2_000, settlingMs: 5_000 },
    // With only half-open connections, a pool drops each of them after its query timeout.
    recoverWithinMs: 60_000,
    revocationsPerSecond: 20,
    probesPerSecond: 25,
    services: 3,
    population: { clientTokens: 300, sessions: 60 },
    // Long enough, now and then, for a list to become stale.
    pace: { faultMs: [400, 7_000], pauseMs: [500, 4_000] },
    onProgress: (line) => console.log(line),
  };
  console.log(`seed ${options.seed}`);
  const result = await new ChaosRun(options).run();
  console.log(summary(options, result));
  // At once: with sockets that were reset on purpose, Node 20 can turn in circles in its clean-up.
  process.exit(result.tally.violations.length > 0 ? 1 : 0);
}
