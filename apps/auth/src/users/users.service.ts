import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { USER_ROLE } from '../built-in-access.js';
import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { mailLimits, registrationLimits } from './attempt-limits.js';
import { AttemptLimiter, type Attempt } from './attempt-limiter.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordRules } from './password-rules.js';
import { unsavedUser, type User } from './user.entity.js';
import { UsersError } from './users.errors.js';
import { UserChanges } from './user-changes.js';
import { UsersRepository } from './users.repository.js';

@Injectable()
export class UsersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly passwordRules: PasswordRules,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditService,
    private readonly mail: MailOutbox,
    private readonly changes: UserChanges,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the user; `undefined` if the e-mail has to be verified first, also if it has an account
   * @throws UsersError `registration_closed`, `password_breached`, `email_taken`, `too_many_attempts`
   */
  async register(email: string, password: string, origin: Origin): Promise<User | undefined> {
    const { isRegistrationOpen, registrationLimit } = this.config;
    if (!isRegistrationOpen) {
      throw new UsersError('registration_closed', 'Only an administrator adds users');
    }
    const network = networkOf(origin.address);
    const limits = registrationLimits(network, registrationLimit);
    this.hasher.assertRoom(network);
    if (this.hasher.isBusy) await this.limits.assertNotPaused(limits);
    // Hashed also if the e-mail is taken: both take the same time.
    const { counted, passwordHash } = await this.hasher.inTurn(network, async ({ hash }) => ({
      counted: await this.limits.begin(limits),
      passwordHash: await hash(password),
    }));
    await this.refuseKnown(password, email, counted);
    const isVerifiedFirst = this.config.emailVerification === 'required';
    const registration = isVerifiedFirst ? 'pending' : 'open';
    const now = this.clock.now();
    const user = unsavedUser({ email, passwordHash, roles: [USER_ROLE], registration }, now);
    if (isVerifiedFirst) await this.addPending(user, origin);
    else await this.addOpen(user, origin);
    await this.limits.succeed(counted);
    return isVerifiedFirst ? undefined : user;
  }

  /** Outside of the queue for hashes, as it may take long. A refusal is no attempt to find an account. */
  private async refuseKnown(password: string, email: string, counted: Attempt): Promise<void> {
    try {
      await this.passwordRules.refuse(password, { email, path: 'password' });
    } catch (error) {
      await this.limits.succeed(counted);
      throw error;
    }
  }

  private async addOpen(user: User, origin: Origin): Promise<void> {
    const { id, email } = user;
    await this.dataSource.transaction(async (manager) => {
      await this.users.add(manager, user);
      await this.audit.recordOwn(manager, 'user.registered', id, origin);
      await this.mail.add(manager, { template: 'verify-email', recipient: email, userId: id });
    });
  }

  /**
   * The same statements whether or not the e-mail has an account, so that the time says nothing. Which
   * of two mails is sent is decided when it is sent. Without a mail nothing is replaced: the owner's own
   * latest mail would verify the password of someone else (threat:account-pre-hijacking).
   */
  private async addPending(user: User, origin: Origin): Promise<void> {
    const maySendMail = await this.limits.allows(mailLimits('verification', user.emailKey));
    await this.dataSource.transaction(async (manager) => {
      const { id, isChanged } = await this.users.register(manager, user, maySendMail);
      const userId = isChanged ? id : user.id;
      await this.changes.announce(manager, {
        changed: 'registration',
        userId,
        actor: null,
        origin,
      });
      await this.audit.record(manager, {
        action: isChanged ? 'user.registered' : 'user.registration_repeated',
        actor: isChanged ? id : null,
        subject: id,
        origin,
      });
      if (!maySendMail) return;
      await this.mail.add(manager, { template: 'registration', recipient: user.email });
    });
  }

  /** @throws UsersError `user_not_found` */
  get(id: string): Promise<User> {
    return this.users.demand(id);
  }
}
