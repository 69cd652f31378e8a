import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Outcomes } from '../metrics/outcomes.js';
import type { KnownUser } from './known-user.js';
import { PasswordHasher, type Hashing } from './password-hasher.js';
import { UsersError } from './users.errors.js';
import { emailKey, UsersService } from './users.service.js';
import type { Attempt, AttemptOrigin } from './login-attempt.js';
import { LoginLimits } from './login-limits.js';
import { findLoginRecord, type LoginRecord } from './login-record.js';

/** Account enumeration (threat:account-enumeration): asked for where there is no such person, so that the work is the same. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Checks passwords, behind limits that a guesser meets and a person does not. */
@Injectable()
export class CredentialsService {
  readonly outcomes = new Outcomes(['invalid_credentials', 'too_many_attempts']);

  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly limits: LoginLimits,
  ) {}

  /**
   * The person whose e-mail and password these are. A wrong password, an unknown e-mail and a
   * disabled person are told apart neither by words nor by time.
   *
   * @throws UsersError `invalid_credentials`, `too_many_attempts`
   */
  authenticate(email: string, password: string, origin: Origin): Promise<KnownUser> {
    return this.outcomes.of(this.attempt(email, password, origin));
  }

  private async attempt(email: string, password: string, { address }: Origin): Promise<KnownUser> {
    this.hasher.assertRoom();
    const attempt = { account: emailKey(email), address };
    // Whoever has to pause shall not take a place in the queue from others.
    if (this.hasher.hasQueue) await this.admitted(attempt);
    return this.hasher.inTurn((hashing) => this.check(attempt, password, hashing));
  }

  private async check(by: AttemptOrigin, password: string, hashing: Hashing): Promise<KnownUser> {
    // In turn, as a hundred guesses at the same moment get into the queue before the first has
    // failed.
    const { attempt, user, hasFailedBefore } = await this.admitted(by);
    const isRight = await hashing.verify(user?.passwordHash, password);
    if (!user || !isRight || user.isDisabled) {
      await this.limits.failed(attempt);
      throw new UsersError('invalid_credentials', 'E-mail or password is wrong');
    }
    if (hasFailedBefore) await this.limits.succeeded(attempt);
    if (this.hasher.needsRehash(user.passwordHash)) {
      await this.users.rehash(user, await hashing.hash(password));
    }
    return user;
  }

  /** @throws UsersError `too_many_attempts` */
  private async admitted(by: AttemptOrigin): Promise<LoginRecord & { attempt: Attempt }> {
    const record = await findLoginRecord(this.dataSource.manager, by);
    const userId = record.user?.id ?? NOBODY;
    const attempt = { ...by, isKnownAddress: () => this.users.hasLoggedInFrom(userId, by.address) };
    await this.limits.admit(attempt, record);
    return { ...record, attempt };
  }
}
