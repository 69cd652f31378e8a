import { Injectable } from '@nestjs/common';

import type { Origin } from '../audit/origin.js';
import { Outcomes } from '../metrics/outcomes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { PasswordHasher, type Hashing } from '../users/password-hasher.js';
import type { User } from '../users/user.entity.js';
import { UsersError } from '../users/users-error.js';
import { emailKey, UsersService } from '../users/users.service.js';
import { LoginLimits, type Attempt } from './login-limits.js';

/** Account enumeration: asked for where there is no such person, so that the work is the same. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Checks passwords, behind limits that a guesser meets and a person does not. */
@Injectable()
export class LoginService {
  readonly outcomes = new Outcomes(['invalid_credentials', 'too_many_attempts']);

  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly hasher: PasswordHasher,
    private readonly limits: LoginLimits,
  ) {}

  /**
   * The person whose e-mail and password these are. A wrong password, an unknown e-mail and a
   * disabled person are told apart neither by words nor by time.
   *
   * @throws UsersError `invalid_credentials`, `too_many_attempts`
   */
  authenticate(email: string, password: string, origin: Origin): Promise<User> {
    return this.outcomes.of(this.attempt(email, password, origin));
  }

  private async attempt(email: string, password: string, { address }: Origin): Promise<User> {
    this.hasher.assertRoom();
    const user = await this.users.findByEmail(email);
    const attempt: Attempt = {
      account: emailKey(email),
      address,
      isKnownAddress: () => this.sessions.hasBeenAt(user?.id ?? NOBODY, address),
    };
    // Whoever has to pause shall not take a place in the queue from others.
    if (this.hasher.hasQueue) await this.limits.admit(attempt);
    return this.hasher.inTurn((hashing) => this.check(user, password, attempt, hashing));
  }

  private async check(
    user: User | null,
    password: string,
    attempt: Attempt,
    hashing: Hashing,
  ): Promise<User> {
    // In turn, as a hundred guesses at the same moment get into the queue before the first has
    // failed.
    const hasFailedBefore = await this.limits.admit(attempt);
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
}
