import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { SessionEnding } from '../sessions/session-ending.js';
import type { Person } from '../users/current-person.decorator.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { UsersService } from '../users/users.service.js';
import { LoginService } from './login.service.js';

@Injectable()
export class PasswordChanging {
  constructor(
    private readonly dataSource: DataSource,
    private readonly login: LoginService,
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly ending: SessionEnding,
    private readonly audit: AuditService,
  ) {}

  /**
   * Replaces the password of someone who knows the present one, and ends all their other sessions:
   * whoever had learned the old password is out.
   *
   * @throws UsersError `invalid_credentials`, `too_many_attempts`
   */
  async change(
    { userId, sessionId }: Person,
    currentPassword: string,
    newPassword: string,
    origin: Origin,
  ): Promise<void> {
    const { email } = await this.users.get(userId);
    // A stolen access token shall not be a way around the limits for guessing.
    const user = await this.login.authenticate(email, currentPassword, origin);
    const passwordHash = await this.hasher.inTurn((hashing) => hashing.hash(newPassword));
    await this.dataSource.transaction(async (manager) => {
      await this.users.replacePassword(manager, user, passwordHash);
      await this.audit.record(manager, {
        action: 'user.password_changed',
        actor: userId,
        subject: userId,
        origin,
      });
      const reason = 'password_changed';
      await this.ending.all(manager, { userId, reason, actor: userId, origin, except: sessionId });
    });
  }
}
