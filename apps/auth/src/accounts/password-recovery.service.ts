import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { DoneBy, Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { FactorsService } from '../factors/factors.service.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { newSecret } from '../crypto/secret.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import { KnownNetworksRepository } from '../users/known-networks.repository.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { UserChanges } from '../users/user-changes.js';
import type { User } from '../users/user.entity.js';
import { UsersError } from '../users/users.errors.js';
import { UsersRepository } from '../users/users.repository.js';
import { AccountLinks } from './account-links.js';
import { AccountsError, demandMail } from './accounts.errors.js';

/** An administrator asks for a new password of a user. */
interface PasswordRequestByAdmin extends DoneBy {
  /** The present password ends at once, and so do all sessions. */
  readonly isRequired: boolean;
}

/** Gives users who have forgotten their password a new one, by a link in a mail. */
@Injectable()
export class PasswordRecoveryService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
    private readonly hasher: PasswordHasher,
    private readonly passwordRules: PasswordRules,
    private readonly factors: FactorsService,
    private readonly networks: KnownNetworksRepository,
    private readonly changes: UserChanges,
    private readonly limits: AttemptLimiter,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Sends a link, if the e-mail has an account. Both cases do the same work: the owner is looked up
   * when the mail is sent (threat:account-enumeration). Beyond the limit of the e-mail nothing is sent,
   * and the answer does not say so.
   *
   * @throws UsersError `too_many_attempts` for the network
   */
  async request(email: string, { address }: Origin): Promise<void> {
    if (!(await this.limits.allowsMail(networkOf(address), 'reset', email))) return;
    await this.dataSource.transaction((manager) =>
      this.mail.add(manager, { template: 'reset-password', recipient: email }),
    );
  }

  /**
   * An administrator sends a user a link for a new password. If it is required, the present password is
   * replaced at once by a random one that nobody knows. Administrators cannot do this to themselves:
   * another one has to.
   *
   * @throws UsersError `user_not_found`, `locks_out`, `too_many_attempts`; AccountsError
   *   `mail_unavailable`, `user_disabled`
   */
  async requestFor(userId: string, { isRequired, ...by }: PasswordRequestByAdmin): Promise<void> {
    demandMail(this.config);
    const { id } = await this.users.demand(userId);
    if (isRequired && id === by.actor) {
      throw new UsersError('locks_out', 'It is the password of the caller');
    }
    const network = networkOf(by.origin?.address ?? 'shell');
    const unknown = isRequired
      ? await this.hasher.inTurn(network, ({ hash }) => hash(newSecret()))
      : undefined;
    await this.dataSource.transaction(async (manager) => {
      const user = await this.users.demandLocked(manager, id);
      await demandStillValid(manager, by.caller);
      if (user.isDisabled) throw new AccountsError('user_disabled', `User ${userId} is disabled`);
      const action = isRequired ? 'user.password_required' : 'user.password_reset_sent';
      await this.audit.record(manager, { ...by, action, subject: user.id });
      if (unknown !== undefined) {
        await this.users.setPassword(manager, user.id, unknown, this.clock.now());
        await this.changes.announce(manager, { ...by, changed: 'password', userId: user.id });
      }
      await this.mail.add(manager, {
        template: 'new-password',
        recipient: user.email,
        userId: user.id,
      });
    });
  }

  /**
   * Sets a new password, and verifies the e-mail. All sessions of the user end, and all other links.
   *
   * @throws AccountsError `link_invalid`; UsersError `password_breached`, `password_guessable`, `too_many_attempts`
   */
  async reset(token: string, newPassword: string, origin: Origin): Promise<void> {
    const network = networkOf(origin.address);
    this.hasher.assertRoom(network);
    // Before the hash, which anyone could make us compute otherwise.
    const { email } = await this.links.demand(token, 'reset-password');
    await this.passwordRules.refuse(newPassword, { email, path: 'newPassword' });
    const passwordHash = await this.hasher.inTurn(network, ({ hash }) => hash(newPassword));
    await this.links.use(token, 'reset-password', async ({ manager, user, now }) => {
      const userId = user.id;
      // A change of the e-mail ends all links: this one was sent to the present one, and verifies it.
      await this.users.setPassword(manager, userId, passwordHash, this.clock.now());
      if (!user.emailVerifiedAt) {
        await this.users.update(manager, user, { emailVerifiedAt: now });
        await this.removeTraces(manager, user, origin);
      }
      await this.links.end(manager, userId);
      await this.audit.recordOwn(manager, 'user.password_reset', userId, origin);
      await this.changes.announce(manager, {
        changed: 'password',
        userId,
        actor: userId,
        origin,
      });
      await this.mail.addNotice(manager, user, 'password-changed', origin);
    });
  }

  /**
   * Account pre-hijacking (threat:account-pre-hijacking): someone else may have registered the e-mail and
   * added a factor, before its owner verified it by this reset, and from the same network. The account of a
   * `trusted` user has been the owner's from the start.
   */
  private async removeTraces(manager: EntityManager, user: User, origin: Origin): Promise<void> {
    if (user.registration === 'trusted') return;
    await this.factors.resetIn(manager, user, { actor: user.id, origin });
    await this.networks.removeAll(manager, user.id);
  }
}
