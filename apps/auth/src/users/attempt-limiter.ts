import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { Clock } from '../clock.js';
import {
  mailLimits,
  mailRequestLimits,
  type AttemptLimits,
  type MailPurpose,
} from './attempt-limits.js';
import { emailKey } from '../credentials/email.js';
import { LoginLimitsRepository } from './login-limits.repository.js';
import { UsersError } from './users.errors.js';

/** An attempt that is being carried out. */
export interface Attempt {
  readonly id: string;
  readonly limits: AttemptLimits;
  /** Carried out during a pause: `allowedDespitePause`. `undefined`: not counted until it fails. */
  readonly isPaused: boolean | undefined;
}

/**
 * Slows down the guessing of passwords and factors, the search for accounts, and what else
 * `attempt-limits.ts` names. An attempt that may be refused is counted before it is carried out, and no
 * longer counted when it succeeds. So simultaneous attempts, also at several processes, have no more
 * tries than attempts in a row.
 */
@Injectable()
export class AttemptLimiter {
  constructor(
    private readonly repository: LoginLimitsRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws UsersError `too_many_attempts` during a pause */
  async assertNotPaused(limits: AttemptLimits): Promise<void> {
    if (isNeverRefused(limits)) return;
    const now = this.clock.now();
    const until = await this.repository.pausedUntil(limits, now);
    if (until) throw tooManyAttempts(+until - +now);
  }

  /** @throws UsersError `too_many_attempts` during a pause. Then the attempt is not counted. */
  async begin(limits: AttemptLimits): Promise<Attempt> {
    const id = randomUUID();
    return isNeverRefused(limits) ? { id, limits, isPaused: undefined } : this.count(limits, id);
  }

  private async count(limits: AttemptLimits, id: string): Promise<Attempt> {
    const now = this.clock.now();
    const counted = await this.repository.count(limits, id, now);
    if (counted.length === limits.limits.length) {
      return { id, limits, isPaused: counted.some(({ wasPaused }) => wasPaused) };
    }
    if (counted.length > 0) {
      await this.repository.takeBack(counted.map(keyOf), id);
    }
    await this.assertNotPaused(limits);
    // The attempt that caused the pause has succeeded since.
    throw tooManyAttempts(1000);
  }

  /** Counts the attempt. @returns whether it is allowed: `false` during a pause */
  async allows(limits: AttemptLimits): Promise<boolean> {
    try {
      await this.begin(limits);
      return true;
    } catch (error) {
      if (error instanceof UsersError && error.code === 'too_many_attempts') return false;
      throw error;
    }
  }

  /**
   * Counts a request for a mail that anyone can cause.
   *
   * @param requester a network, or a user
   * @returns whether the mail is sent: not beyond the limit of its purpose and address, which no answer may say
   * @throws UsersError `too_many_attempts` for the requester
   */
  async allowsMail(requester: string, purpose: MailPurpose, email: string): Promise<boolean> {
    await this.begin(mailRequestLimits(requester));
    return this.allows(mailLimits(purpose, emailKey(email)));
  }

  /** No longer counts the attempt, and resets the counts that a success resets. */
  async succeed({ id, limits: { limits }, isPaused }: Attempt): Promise<void> {
    const isCounted = isPaused !== undefined;
    const counted = limits.filter(({ countsSuccess }) => isCounted && !countsSuccess);
    const reset = limits.filter(({ isResetBySuccess }) => isResetBySuccess);
    await this.repository.takeBack(counted.map(keyOf), id, reset.map(keyOf));
  }

  /** No longer counts the attempt, which was not wrong. Resets nothing, as nothing was proved right. */
  async takeBack({ id, limits: { limits }, isPaused }: Attempt): Promise<void> {
    if (isPaused !== undefined) await this.repository.takeBack(limits.map(keyOf), id);
  }

  /**
   * An attempt that was not counted yet is counted now, or reported as refused if there is a pause: as one at
   * an account that does not exist (threat:account-enumeration).
   *
   * @throws UsersError `too_many_attempts` if the attempt was carried out despite a pause
   */
  async fail({ id, limits, isPaused }: Attempt): Promise<void> {
    if (isPaused === undefined) await this.count(regardingEachPause(limits), id);
    else if (isPaused) await this.assertNotPaused(regardingEachPause(limits));
  }
}

const isNeverRefused = ({ allowedDespitePause }: AttemptLimits): boolean =>
  allowedDespitePause === Infinity;

const keyOf = ({ key }: { readonly key: string }): string => key;

const regardingEachPause = (limits: AttemptLimits): AttemptLimits => ({
  ...limits,
  allowedDespitePause: 0,
});

function tooManyAttempts(pauseMs: number): UsersError {
  return new UsersError('too_many_attempts', 'Too many failed attempts', {
    retryAfterSeconds: Math.max(1, Math.ceil(pauseMs / 1000)),
  });
}
