import { setTimeout as sleep } from 'node:timers/promises';
import type { Administrator } from '../driver/administrator.js';
import { granted } from '../driver/ask.js';
import type { Living } from '../driver/living.js';
import { drawVictim, revokeByAdmin, type Victim } from '../driver/revoking.js';
import type { RevocationRecord } from '../oracle/revocation-record.js';
import type { Subject } from '../oracle/subject.js';
import type { Operation } from '../plan/operation-plan.js';
import type { Prober } from './prober.js';
import type { Tally } from './tally.js';

export interface RevokerOptions {
  /** Addresses of the auth processes. */
  readonly auths: readonly string[];
  readonly administrator: Administrator;
  readonly living: Living;
  readonly record: RevocationRecord;
  readonly prober: Prober;
  readonly tally: Tally;
  readonly nowMs: () => number;
  /** Ends what was not acknowledged until then. */
  readonly signal: AbortSignal;
}

const MAX_UNDER_WAY = 60;
/** Keeps this many valid: a wrong refusal shows only on a valid token. */
const RESERVE = 40;
const RETRY_MS = 400;

/** Carries out the plan of operations, and repeats each until it is acknowledged. */
export class Revoker {
  /** Tokens of each revocation, by its kind and id. */
  readonly victims: Victim[] = [];
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: RevokerOptions) {}

  /** Revocations that are not acknowledged yet, or not followed to the end. */
  get pending(): number {
    return this.underWay.size;
  }

  /** Starts operations at the given pace until the signal aborts. */
  async run(plan: Iterator<Operation>, pauseMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(pauseMs);
      const { living, administrator } = this.options;
      if (this.underWay.size >= MAX_UNDER_WAY || living.all().length < RESERVE) continue;
      const { value } = plan.next() as { value: Operation };
      const victim = drawVictim(value, living, administrator);
      if (!victim) continue;
      const work = this.revoke(victim, value.auth).finally(() => this.underWay.delete(work));
      this.underWay.add(work);
    }
  }

  private async revoke(victim: Victim, auth: number): Promise<void> {
    const { record, nowMs, tally, prober, auths, signal } = this.options;
    const { revocation, subjects } = victim;
    this.victims.push(victim);
    record.attempted(revocation, nowMs());
    prober.dead.push(...subjects);
    let answer = await victim.call(auths[auth] ?? '');
    if (granted(answer)) victim.onAcknowledged?.();
    else tally.retried += 1;
    for (let turn = auth + 1; !granted(answer); turn++) {
      if (signal.aborted) return;
      await sleep(RETRY_MS);
      const next = auths[turn % auths.length] ?? '';
      answer = await revokeByAdmin(this.options.administrator, next, revocation);
    }
    record.acknowledged(revocation, nowMs());
    tally.revoked.add(revocation.kind);
    await this.follow(subjects);
  }

  private async follow([subject]: readonly Subject[]): Promise<void> {
    if (subject) await this.options.prober.follow(subject);
  }
}
