import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../driver/present.js';
import type { Living } from '../driver/living.js';
import type { Judge } from '../oracle/judge.js';
import type { Probe } from '../oracle/probe.js';
import type { Subject } from '../oracle/subject.js';
import type { Random } from '../plan/random.js';
import type { Tally } from './tally.js';

export interface ProberOptions {
  /** Addresses of the services. */
  readonly services: readonly string[];
  readonly judge: Judge;
  readonly living: Living;
  readonly tally: Tally;
  readonly random: Random;
  readonly nowMs: () => number;
}

/** How long a revoked token is presented to a service that still accepts it. */
const FOLLOW_MS = 10_000;
const LONGEST_PAUSE_MS = 200;
/** No token is presented when it has less than this before it expires. */
const MARGIN_SECONDS = 30;

/** Presents valid and revoked tokens to services, and has each verdict judged. */
export class Prober {
  /** Every token that an operation has tried to revoke. */
  readonly dead: Subject[] = [];

  constructor(private readonly options: ProberOptions) {}

  /** Shows one token to one service. */
  async show(subject: Subject, service: number, isAfterwards = false): Promise<Probe> {
    const { services, judge, tally, nowMs } = this.options;
    const probe = await present(subject, service, services[service] ?? '', nowMs);
    tally.verdicts.add(probe.verdict);
    const violation = isAfterwards ? judge.afterwards(probe) : judge.during(probe);
    if (violation) tally.violations.push(violation);
    return probe;
  }

  /** Shows any token to a service, again and again. */
  async probe(service: number, pauseMs: number, signal: AbortSignal): Promise<void> {
    const { living, random } = this.options;
    for (let turn = 0; !signal.aborted; turn++) {
      const pool = turn % 2 === 0 ? living.all() : this.dead;
      const subject = pool[Math.floor(random.next() * pool.length)];
      if (subject && !isExpiring(subject)) await this.show(subject, service);
      await sleep(pauseMs);
    }
  }

  /** Shows a token whose revocation was just acknowledged to every service until it is refused. */
  async follow(subject: Subject): Promise<void> {
    const { services, nowMs } = this.options;
    const untilMs = nowMs() + FOLLOW_MS;
    await Promise.all(
      services.map(async (_, service) => {
        for (
          let pauseMs = 5;
          nowMs() < untilMs;
          pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
        ) {
          const { verdict } = await this.show(subject, service);
          if (verdict === 'token_revoked') return;
          await sleep(pauseMs);
        }
      }),
    );
  }

  /** Presents every token, valid or revoked, to every service. */
  async showAll(): Promise<void> {
    const subjects = [...this.dead, ...this.options.living.all()].filter((one) => !isExpiring(one));
    await Promise.all(
      this.options.services.map(async (_, service) => {
        const left = [...subjects];
        const worker = async () => {
          for (let subject = left.pop(); subject; subject = left.pop()) {
            await this.show(subject, service, true);
          }
        };
        await Promise.all(Array.from({ length: 6 }, worker));
      }),
    );
  }
}

function isExpiring({ exp }: Subject): boolean {
  return exp < Date.now() / 1000 + MARGIN_SECONDS;
}
