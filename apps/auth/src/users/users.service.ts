import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { PasswordHasher } from './password-hasher.js';
import type { Role } from './roles.js';
import { User } from './user.entity.js';
import { UsersError } from './users.errors.js';

/** A person to be. The password has been accepted by `NewPassword`. */
export interface NewUser {
  readonly email: string;
  readonly password: string;
  readonly roles: Role[];
}

/** E-mails are the same person without regard to case, whatever the database's locale thinks. */
export const emailKey = (email: string): string => email.toLowerCase();

@Injectable()
export class UsersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws UsersError `registration_closed`, `email_taken`, `too_many_attempts` */
  async register(email: string, password: string, origin: Origin): Promise<User> {
    if (!this.config.isRegistrationOpen) {
      throw new UsersError('registration_closed', 'Only an administrator makes users');
    }
    const user = await this.draft({ email, password, roles: ['user'] });
    await this.dataSource.transaction(async (manager) => {
      await this.add(manager, user);
      const { id } = user;
      await this.audit.record(manager, {
        action: 'user.registered',
        actor: id,
        subject: id,
        origin,
      });
    });
    return user;
  }

  /** Hashes outside of any transaction: none should be open while someone waits for a turn. */
  async draft({ email, password, roles }: NewUser): Promise<User> {
    const now = this.clock.now();
    return {
      id: randomUUID(),
      email,
      emailKey: emailKey(email),
      passwordHash: await this.hasher.inTurn((hashing) => hashing.hash(password)),
      passwordChangedAt: now,
      roles,
      isDisabled: false,
      claims: {},
      createdAt: now,
    };
  }

  /** @throws UsersError `email_taken`, after which the transaction is lost */
  async add(manager: EntityManager, user: User): Promise<void> {
    try {
      await manager.insert(User, user);
    } catch (error) {
      if (!isEmailTaken(error)) throw error;
      throw new UsersError('email_taken', 'This e-mail has an account', { cause: error });
    }
  }

  /** Keeps the same password in another form. Gives way to whoever changes it meanwhile. */
  async rehash({ id, passwordHash }: User, rehashed: string): Promise<void> {
    await this.dataSource.manager.update(User, { id, passwordHash }, { passwordHash: rehashed });
  }

  /**
   * Replaces a password that was checked before this transaction.
   *
   * @throws UsersError `invalid_credentials` when it is not the present one any more
   */
  async replacePassword(
    manager: EntityManager,
    checked: User,
    passwordHash: string,
  ): Promise<void> {
    const { id, passwordChangedAt } = checked;
    const { affected } = await manager.update(
      User,
      { id, passwordChangedAt, isDisabled: false },
      { passwordHash, passwordChangedAt: this.clock.now() },
    );
    if (affected === 1) return;
    throw new UsersError('invalid_credentials', 'The password was changed meanwhile');
  }

  findByEmail(email: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { emailKey: emailKey(email) });
  }

  /** Whether the user has had a session from this address. */
  async hasLoggedInFrom(userId: string, address: string): Promise<boolean> {
    const [session] = await this.dataSource.query<object[]>(
      'SELECT FROM sessions WHERE user_id = $1 AND address = $2 LIMIT 1',
      [userId, address],
    );
    return session !== undefined;
  }

  /** @throws UsersError `user_not_found` */
  async get(id: string): Promise<User> {
    const user = await this.dataSource.manager.findOneBy(User, { id });
    if (!user) throw new UsersError('user_not_found', `There is no user ${id}`);
    return user;
  }
}

function isEmailTaken(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' && constraint === 'users_email_key';
}
