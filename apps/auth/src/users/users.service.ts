import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { USER_ROLE } from '../access/built-in.js';
import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { registrationLimits } from './attempt-limits.js';
import { LoginLimits } from './login-limits.js';
import { PasswordHasher } from './password-hasher.js';
import { newUser, type User } from './user.entity.js';
import { UsersError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

@Injectable()
export class UsersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly limits: LoginLimits,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws UsersError `registration_closed`, `email_taken`, `too_many_attempts` */
  async register(email: string, password: string, origin: Origin): Promise<User> {
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
    const user = newUser({ email, passwordHash, roles: [USER_ROLE] }, this.clock.now());
    await this.dataSource.transaction(async (manager) => {
      await this.users.add(manager, user);
      const { id } = user;
      await this.audit.record(manager, {
        action: 'user.registered',
        actor: id,
        subject: id,
        origin,
      });
    });
    await this.limits.succeed(counted);
    return user;
  }

  /** @throws UsersError `user_not_found` */
  async get(id: string): Promise<User> {
    const user = await this.users.findById(id);
    if (!user) throw new UsersError('user_not_found', `There is no user ${id}`);
    return user;
  }
}
