import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { CredentialsService } from './credentials.service.js';
import type { SessionUser } from './current-user.decorator.js';
import { PasswordHasher } from './password-hasher.js';
import { UserChanges } from './user-changes.js';
import type { PasswordChange } from './users.schema.js';
import { UsersService } from './users.service.js';

@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credentials: CredentialsService,
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly changes: UserChanges,
    private readonly audit: AuditService,
  ) {}

  /**
   * Replaces the password of a user who knows the present one. All other sessions of the user end,
   * so that anyone who knew the old password is logged out.
   *
   * @throws UsersError `invalid_credentials`, `too_many_attempts`
   */
  async change(
    { userId, sessionId }: SessionUser,
    { currentPassword, newPassword }: PasswordChange,
    origin: Origin,
  ): Promise<void> {
    const { email } = await this.users.get(userId);
    // Under the same limits as a login: a stolen access token must not help to guess the password.
    const user = await this.credentials.authenticate(email, currentPassword, origin);
    const passwordHash = await this.hasher.inTurn((hashing) => hashing.hash(newPassword));
    await this.dataSource.transaction(async (manager) => {
      await this.users.replacePassword(manager, user, passwordHash);
      await this.audit.record(manager, {
        action: 'user.password_changed',
        actor: userId,
        subject: userId,
        origin,
      });
      await this.changes.announce(manager, {
        changed: 'password',
        userId,
        actor: userId,
        origin,
        sessionId,
      });
    });
  }
}
