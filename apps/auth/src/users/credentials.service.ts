import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { Outcomes } from '../outcomes.js';
import { loginLimits, type AttemptLimits, type LoginAttempt } from './attempt-limits.js';
import { emailKey } from '../credentials/email.js';
import { KnownNetworks } from './known-networks.js';
import { mayLogIn } from './may-log-in.js';
import { isPending, type User } from './user.entity.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { PasswordHasher, type Hashing } from './password-hasher.js';
import { UsersError } from './users.errors.js';
import { UsersRepository, type UserAtLogin } from './users.repository.js';

const DAY_MS = 86_400_000;

interface LimitedUser extends UserAtLogin {
  readonly limits: AttemptLimits;
}

/** Checks the e-mail and password of a login. */
@Injectable()
export class CredentialsService {
  readonly outcomes = new Outcomes(['invalid_credentials', 'too_many_attempts']);

  constructor(
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly limits: AttemptLimiter,
    private readonly networks: KnownNetworks,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * The user with this e-mail and password. A wrong password, an unknown e-mail, one that is not
   * verified and a disabled user get the same answer, after the same work
   * (threat:account-enumeration).
   *
   * @returns the user as it was before the wait for a turn to hash
   *
   * @throws UsersError `invalid_credentials`, `too_many_attempts`
   */
  authenticate(email: string, password: string, origin: Origin): Promise<User> {
    return this.outcomes.of(this.attempt(email, password, origin));
  }

  private async attempt(email: string, password: string, origin: Origin): Promise<User> {
    const attempt = { account: emailKey(email), network: networkOf(origin.address) };
    this.hasher.assertRoom(attempt.network);
    const found = await this.find(attempt);
    // A paused caller must not take a place in the queue.
    if (this.hasher.isBusy) await this.limits.assertNotPaused(found.limits);
    return this.hasher.inTurn(attempt.network, (hashing) =>
      this.check(found, password, origin, hashing),
    );
  }

  private async check(
    { user, lastLoginHere, hasFailedHere, limits }: LimitedUser,
    password: string,
    origin: Origin,
    hashing: Hashing,
  ): Promise<User> {
    const counted = await this.limits.begin(limits);
    const isRight = await hashing.verify(user?.passwordHash, password);
    if (!user || !isRight || !this.mayLogIn(user)) {
      await this.limits.fail(counted);
      throw new UsersError('invalid_credentials', 'E-mail or password is wrong');
    }
    // At a known network only failures are counted: mostly there is nothing to reset.
    if (hasFailedHere || !lastLoginHere) await this.limits.succeed(counted);
    const now = this.clock.now();
    // With a second factor the login is not done yet: the second step remembers the network.
    const isDone = !user.hasSecondFactor;
    if (isDone && (!lastLoginHere || +now - +lastLoginHere > DAY_MS)) {
      await this.networks.remember(user, origin);
    }
    if (isPending(user)) await this.users.open(user);
    if (this.hasher.needsRehash(user.passwordHash, password)) {
      await this.users.rehash(user, await hashing.hash(password));
    }
    return user;
  }

  mayLogIn(user: User): boolean {
    return mayLogIn(user, this.config);
  }

  private async find(attempt: LoginAttempt): Promise<LimitedUser> {
    const found = await this.users.findAtLogin(attempt);
    return { ...found, limits: loginLimits(attempt, found.lastLoginHere !== null) };
  }
}
