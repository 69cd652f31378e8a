import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { CredentialsService } from './credentials.service.js';
import type { SessionUser } from './current-user.decorator.js';
import { demandCaller } from './lock-caller.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordRules } from './password-rules.js';
import { UserChanges } from './user-changes.js';
import { UsersError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';
import type { PasswordChange } from './users.schema.js';

@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credentials: CredentialsService,
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly passwordRules: PasswordRules,
    private readonly changes: UserChanges,
    private readonly audit: AuditService,
    private readonly mail: MailOutbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Replaces the password of a user who knows the current one. All other sessions of the user end, so
   * that everyone else who knew the old password is logged out.
   *
   * @throws UsersError `invalid_credentials`, `password_breached`, `password_guessable`, `too_many_attempts`;
   *   TokenError `token_revoked`
   */
  async change(
    caller: SessionUser,
    { currentPassword, newPassword }: PasswordChange,
    origin: Origin,
  ): Promise<void> {
    const { userId, sessionId, principal } = caller;
    const known = await demandCaller(this.users, caller);
    // Under the same limits as a login: a stolen access token must not help to guess the password.
    const user = await this.credentials.authenticate(known.email, currentPassword, origin);
    // The e-mail has become that of another account meanwhile.
    if (user.id !== userId) throw new UsersError('invalid_credentials', 'Of another account');
    await this.passwordRules.refuse(newPassword, { email: user.email, path: 'newPassword' });
    const network = networkOf(origin.address);
    const passwordHash = await this.hasher.inTurn(network, ({ hash }) => hash(newPassword));
    await this.dataSource.transaction(async (manager) => {
      const now = this.clock.now();
      const checked = { ...user, hasSecondFactor: 'any' } as const;
      if (!(await this.users.lockUnchanged(manager, checked))) {
        throw new UsersError('invalid_credentials', 'The password was changed meanwhile');
      }
      await demandStillValid(manager, principal);
      await this.users.setPassword(manager, userId, passwordHash, now);
      await this.audit.recordOwn(manager, 'user.password_changed', userId, origin);
      await this.changes.announce(manager, {
        changed: 'password',
        userId,
        actor: userId,
        origin,
        sessionId,
      });
      await this.mail.addNotice(manager, user, 'password-changed', origin);
    });
  }
}
