import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@jwt-auth/dev-stack';
import { Administrator } from '../driver/administrator.js';
import { Living, type Population } from '../driver/living.js';
import { Judge, type Bounds, type WorstReach } from '../oracle/judge.js';
import { RevocationRecord } from '../oracle/revocation-record.js';
import { type Pace, planFaults } from '../plan/fault-plan.js';
import { planOperations } from '../plan/operation-plan.js';
import { Random } from '../plan/random.js';
import { FaultHistory } from '../stage/fault-history.js';
import { Stage } from '../stage/stage.js';
import { missingFromFeed, recovery } from './aftermath.js';
import { Prober } from './prober.js';
import { Revoker } from './revoker.js';
import { storm } from './storm.js';
import { Tally } from './tally.js';

export interface ChaosOptions {
  readonly seed: string;
  readonly durationMs: number;
  readonly bounds: Bounds;
  /** How soon everything has to work after the last fault was mended. */
  readonly recoverWithinMs: number;
  readonly revocationsPerSecond: number;
  /** Tokens shown to each service, beside those whose revocation is being followed. */
  readonly probesPerSecond: number;
  readonly services: number;
  readonly population: Population;
  readonly pace: Pace;
  /** Called every ten seconds. */
  readonly onProgress?: (line: string) => void;
}

/** What a run has come to. It has failed if there is a violation. */
export interface ChaosResult {
  readonly tally: Tally;
  readonly worst: WorstReach;
  readonly clockMover: string;
  readonly plannedFaults: number;
  readonly minted: number;
  /** Revocations that were never acknowledged. */
  readonly unacknowledged: number;
}

const AUTHS = 2;
const STORM_MS = 20_000;
const CALM_MS = 12_000;

/** One run: start everything; revoke, break and probe; repair; check that nothing was lost. */
export class ChaosRun {
  private readonly nowMs: () => number;
  private readonly random: Random;
  private readonly record = new RevocationRecord();
  private readonly faults = new FaultHistory();
  private readonly tally = new Tally();
  private readonly judge: Judge;
  private readonly administrator = new Administrator();
  /** Ends the storm's work, and then everything else. */
  private readonly over = new AbortController();
  private readonly givenUp = new AbortController();

  constructor(private readonly options: ChaosOptions) {
    const startedAtMs = performance.now();
    this.nowMs = () => performance.now() - startedAtMs;
    this.random = new Random(options.seed);
    this.judge = new Judge(options.bounds, this.record, this.faults);
  }

  /** @throws DevStackError when the processes do not even start */
  async run(): Promise<ChaosResult> {
    const { services, bounds } = this.options;
    const { stalenessMs } = bounds;
    const stage = await Stage.start({ auths: AUTHS, services, stalenessMs });
    try {
      return await this.on(stage);
    } finally {
      this.over.abort();
      this.givenUp.abort();
      await stage.stop();
    }
  }

  private async on(stage: Stage): Promise<ChaosResult> {
    const { random, administrator, tally, nowMs, judge, record, faults, options } = this;
    const auths = stage.auths.map(({ url }) => url);
    const services = stage.services.map(({ url }) => url);
    const living = new Living(auths, administrator, options.population, random.fork('living'));
    const probing = { services, judge, living, tally, nowMs, random: random.fork('probes') };
    const prober = new Prober(probing);
    const { signal } = this.givenUp;
    const revoker = new Revoker({
      ...{ auths, administrator, living, record, prober, tally, nowMs, signal },
    });
    const plan = planFaults(random.fork('faults'), {
      ...{ stormMs: STORM_MS, calmMs: CALM_MS, auths: AUTHS, services: services.length },
      ...{ durationMs: options.durationMs, pace: options.pace },
    });
    const operations = planOperations(random.fork('operations'), AUTHS);

    const keepers = living.replenishing.map((step) => this.repeat(step));
    await until(() => living.all().length > options.population.clientTokens / 2, {
      withinMs: 30_000,
    });
    const progress = this.reportProgress(living, prober);
    const work = [
      revoker.run(operations, 1_000 / options.revocationsPerSecond, this.over.signal),
      ...services.map((_, service) =>
        prober.probe(service, 1_000 / options.probesPerSecond, this.over.signal),
      ),
    ];
    const storming = storm(plan, { stage, faults, tally, nowMs });
    await Promise.all([sleep(options.durationMs), storming]);

    const mendedAtMs = nowMs();
    const { recoverWithinMs } = options;
    const broken = await recovery({ auths, services, living, prober }, recoverWithinMs);
    if (broken.length > 0) {
      const seconds = recoverWithinMs / 1000;
      this.blame(`${seconds} s after the last fault was mended: ${broken.join('; ')}`);
    }
    this.over.abort();
    await until(() => revoker.pending === 0, { withinMs: recoverWithinMs });
    tally.recoveredAfterMs = nowMs() - mendedAtMs;
    this.givenUp.abort();
    await Promise.all([...work, ...keepers]);
    clearInterval(progress);
    await this.takeStock(auths, prober, revoker);
    const unacknowledged = record.all().filter((one) => one.acknowledgedAtMs === undefined).length;
    if (unacknowledged > 0) this.blame(`${unacknowledged} revocations were never acknowledged`);
    return {
      ...{ tally, unacknowledged, worst: judge.worst, clockMover: stage.clockMover },
      ...{ plannedFaults: plan.length, minted: living.minted },
    };
  }

  private async repeat(step: () => Promise<void>): Promise<void> {
    while (!this.over.signal.aborted) {
      await step();
      await sleep(20);
    }
  }

  /** After recovery no revocation may be missing, and no valid token refused. */
  private async takeStock(auths: readonly string[], prober: Prober, revoker: Revoker) {
    for (const auth of auths) {
      const missing = missingFromFeed(auth, revoker.victims, this.record);
      this.tally.violations.push(
        ...(await missing.catch((error: Error): [] => this.blame(error.message))),
      );
    }
    await prober.showAll();
  }

  private blame(story: string): [] {
    this.tally.violations.push({ rule: 'not_recovered', story });
    return [];
  }

  private reportProgress(living: Living, prober: Prober): NodeJS.Timeout {
    return setInterval(() => {
      const { revoked, verdicts, violations } = this.tally;
      const broken = this.faults
        .between(this.nowMs(), this.nowMs())
        .map(({ fault: { kind, target } }) => `${kind} ${target}`);
      this.options.onProgress?.(
        `${Math.round(this.nowMs() / 1000)} s: ${revoked.total} revoked, ` +
          `${living.all().length} alive, ${prober.dead.length} dead, ${verdicts.total} probes, ` +
          `${violations.length} violations; broken: ${broken.join(', ') || 'nothing'}`,
      );
    }, 10_000);
  }
}
