import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { AuditService } from '../audit/audit.service.js';
import type { DoneBy, Origin } from '../audit/origin.js';
import { exportedOf } from '../exported-rows.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { generatePassword } from '../credentials/passwords.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { hashSecret } from '../crypto/secret.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { lockCaller } from '../users/lock-caller.js';
import type { User } from '../users/user.entity.js';
import { UsersError } from '../users/users.errors.js';
import { UsersRepository } from '../users/users.repository.js';
import { FACTOR_EXPORT, type Factor, type FactorKind } from './factor.entity.js';
import { FactorChanges, type AddedBy } from './factor-changes.js';
import { FactorsError } from './factors.errors.js';
import { FactorsRepository } from './factors.repository.js';
import { TypedRecoveryCode } from './factors.schema.js';

const RECOVERY_CODES = 10;

/** The words of mails. A stranger who adds a factor chooses its name, and must not write into our mail. */
const NAMES: Readonly<Record<FactorKind | 'recovery-codes', string>> = {
  totp: 'An authenticator app',
  passkey: 'A passkey',
  'recovery-codes': 'A new set of recovery codes',
};

export interface OwnFactors {
  /** The oldest first. */
  readonly factors: readonly Factor[];
  readonly recoveryCodesLeft: number;
  /** The roles of the user that need a second factor. */
  readonly requiredBy: string[];
}

/** What users do with their own second factors, and administrators with those of others. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly factors: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly accessModel: AccessModel,
    private readonly changes: FactorChanges,
    private readonly audit: AuditService,
    private readonly mail: MailOutbox,
  ) {}

  /** @throws UsersError `user_not_found` */
  async list(userId: string): Promise<OwnFactors> {
    const { id, roles } = await this.users.demand(userId);
    return {
      factors: await this.factors.list(id),
      recoveryCodesLeft: await this.factors.countRecoveryCodes(id),
      requiredBy: await this.accessModel.mfaRoles(this.dataSource.manager, roles),
    };
  }

  /** Those of a user, as an export of the account has them. */
  async exportedOf(userId: string): Promise<object[]> {
    const factors = await this.factors.list(userId);
    return factors.map((factor) => exportedOf(factor, FACTOR_EXPORT));
  }

  /**
   * Adds a factor that the user has proved. The transaction has locked the user. The first factor comes
   * with recovery codes.
   *
   * @returns the recovery codes
   */
  async add(
    manager: EntityManager,
    user: User,
    factor: Factor,
    { sessionId, methods, origin }: Omit<AddedBy, 'userId'> & { readonly origin: Origin },
  ): Promise<string[] | undefined> {
    const { id: userId, hasSecondFactor } = user;
    await this.factors.insert(manager, factor);
    const recoveryCodes = hasSecondFactor ? undefined : await this.makeCodes(manager, userId);
    await this.users.update(manager, user, { hasSecondFactor: true });
    await this.changes.announce(manager, { changed: 'added', userId, sessionId, methods });
    await this.record(manager, 'factor.added', factor, origin);
    await this.mail.addNotice(manager, user, 'factor-added', origin, {
      factor: NAMES[factor.kind],
    });
    return recoveryCodes;
  }

  /**
   * Removes a factor. The removal of the last one also removes the recovery codes, and all sessions are
   * as after a login with the password.
   *
   * @throws FactorsError `factor_not_found`, `factor_required`
   */
  async remove(caller: SessionUser, id: string, origin: Origin): Promise<void> {
    const { userId } = caller;
    await this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      const factor = await this.factors.find(manager, userId, id);
      if (!factor) throw new FactorsError('factor_not_found', `No factor ${id}`);
      await this.removeFound(manager, user, factor, origin);
      if (await this.factors.hasAny(manager, userId)) return;
      if ((await this.accessModel.mfaRoles(manager, user.roles)).length > 0) {
        throw new FactorsError('factor_required', 'It is the last factor');
      }
      await this.factors.removeAll(manager, userId);
      await this.noneIsLeft(manager, user);
    });
  }

  /**
   * An administrator removes all factors and recovery codes, so that the password is enough again. Not for the
   * administrator's own account: there a factor must be proved. The sessions go on as after a login with the
   * password: without the roles that need a second factor.
   *
   * @returns how many factors there were
   * @throws UsersError `user_not_found`, `locks_out`
   */
  reset(userId: string, by: DoneBy): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const user = await this.users.demandLocked(manager, userId);
      await demandStillValid(manager, by.caller);
      if (user.id === by.actor) {
        throw new UsersError('locks_out', 'They are the factors of the caller');
      }
      return this.resetIn(manager, user, by);
    });
  }

  /** Removes them in the caller's transaction, which has locked the user, and notifies the user by mail. */
  async resetIn(manager: EntityManager, user: User, by: DoneBy): Promise<number> {
    const { id: userId } = user;
    const count = await this.factors.removeAll(manager, userId);
    if (!user.hasSecondFactor) return 0;
    await this.noneIsLeft(manager, user);
    await this.audit.record(manager, {
      ...by,
      action: 'factors.reset',
      subject: userId,
      detail: { count },
    });
    // Not from where: that may be an administrator's address.
    await this.mail.addNotice(manager, user, 'factors-reset', undefined);
    return count;
  }

  /** Removes a factor that another one replaces. */
  async removeFound(
    manager: EntityManager,
    user: User,
    factor: Factor,
    origin: Origin,
  ): Promise<void> {
    await this.factors.remove(manager, factor);
    await this.record(manager, 'factor.removed', factor, origin);
    await this.mail.addNotice(manager, user, 'factor-removed', origin, {
      factor: NAMES[factor.kind],
    });
  }

  /**
   * Makes recovery codes. The ones before no longer work.
   *
   * @throws FactorsError `no_factor`
   */
  async renewRecoveryCodes(caller: SessionUser, origin: Origin): Promise<string[]> {
    const { userId } = caller;
    return this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      if (!user.hasSecondFactor) throw new FactorsError('no_factor', 'Codes would be of no use');
      const codes = await this.makeCodes(manager, userId);
      await this.audit.recordOwn(manager, 'factor.recovery_codes_made', userId, origin);
      await this.mail.addNotice(manager, user, 'factor-added', origin, {
        factor: NAMES['recovery-codes'],
      });
      return codes;
    });
  }

  /** What a session has proved by a factor that is gone says nothing of one that is added later. */
  private async noneIsLeft(manager: EntityManager, user: User): Promise<void> {
    await this.users.update(manager, user, { hasSecondFactor: false });
    await this.changes.announce(manager, { changed: 'all-removed', userId: user.id });
  }

  private async makeCodes(manager: EntityManager, userId: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, generatePassword);
    const hashes = codes.map((code) => hashSecret(TypedRecoveryCode.parse(code)));
    await this.factors.putRecoveryCodes(manager, userId, hashes);
    return codes;
  }

  private record(
    manager: EntityManager,
    action: 'factor.added' | 'factor.removed',
    { id, userId, kind }: Factor,
    origin: Origin,
  ): Promise<void> {
    return this.audit.recordOwn(manager, action, userId, origin, { kind, factorId: id });
  }
}
