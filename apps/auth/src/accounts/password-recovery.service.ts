import { networkOf } from '@jwt-auth/chassis';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { noticeOf } from '../mail/notice.js';
import { mailLimits, mailRequestLimits } from '../users/attempt-limits.js';
import { emailKey } from '../users/email.js';
import { LoginLimits } from '../users/login-limits.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { UserChanges } from '../users/user-changes.js';
import { UsersRepository } from '../users/users.repository.js';
import { AccountLinks } from './account-links.js';

/** Gives users who have forgotten their password a new one, by a link in a mail. */
@Injectable()
export class PasswordRecoveryService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
    private readonly hasher: PasswordHasher,
    private readonly changes: UserChanges,
    private readonly limits: LoginLimits,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.changes.listen(async (manager, { changed, userId }) => {
      if (changed === 'password') await this.links.end(manager, userId, 'reset-password');
    });
  }

  /**
   * Sends a link, if the e-mail has an account. The same work in both cases: who owns it is only looked
   * up when the mail is sent (threat:account-enumeration). Beyond the limit of the e-mail nothing is
   * sent, which is not said either.
   *
   * @throws UsersError `too_many_attempts` for the network
   */
  async request(email: string, { address }: Origin): Promise<void> {
    await this.limits.begin(mailRequestLimits(networkOf(address)));
    if (!(await this.limits.allows(mailLimits(emailKey(email))))) return;
    await this.dataSource.transaction((manager) =>
      this.mail.add(manager, { template: 'reset-password', recipient: email }),
    );
  }

  /**
   * Sets a new password. All sessions of the user end, and all other links.
   *
   * @throws AccountsError `link_invalid`; UsersError `too_many_attempts`
   */
  async reset(token: string, newPassword: string, origin: Origin): Promise<void> {
    const network = networkOf(origin.address);
    this.hasher.assertRoom(network);
    // Before the hash, which anyone could make us compute otherwise.
    await this.links.assertValid(token, 'reset-password');
    const passwordHash = await this.hasher.inTurn(network, ({ hash }) => hash(newPassword));
    await this.links.use(token, 'reset-password', async ({ manager, user, now }) => {
      const userId = user.id;
      // A change of the e-mail ends all links: this one was sent to the present one, and verifies it.
      await this.users.setPassword(manager, userId, passwordHash, this.clock.now());
      if (!user.emailVerifiedAt) await this.users.verifyEmail(manager, user, now);
      await this.links.endAll(manager, userId);
      await this.audit.record(manager, {
        action: 'user.password_reset',
        actor: userId,
        subject: userId,
        origin,
      });
      await this.changes.announce(manager, {
        changed: 'password',
        userId,
        actor: userId,
        origin,
      });
      await this.mail.add(manager, {
        template: 'password-changed',
        recipient: user.email,
        userId,
        values: noticeOf(now, origin),
      });
    });
  }
}
