import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';

import { aDayAfterExpiry } from '../expiry.js';
import { Factor, RecoveryCode, TotpEnrolment } from './factor.entity.js';

export const EXPIRED_TOTP_ENROLMENTS = aDayAfterExpiry(TotpEnrolment);

/** A factor whose codes are computed from its secret. */
export type TotpFactor = Factor & { readonly secret: Buffer };

/** All SQL of second factors and recovery codes. */
@Injectable()
export class FactorsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Of a user, the oldest first. */
  list(userId: string, manager = this.dataSource.manager): Promise<Factor[]> {
    return manager.find(Factor, { where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async findTotp(manager: EntityManager, userId: string): Promise<TotpFactor | null> {
    return (await manager.findOneBy(Factor, { userId, kind: 'totp' })) as TotpFactor | null;
  }

  find(manager: EntityManager, userId: string, id: string): Promise<Factor | null> {
    return manager.findOneBy(Factor, { userId, id });
  }

  async insert(manager: EntityManager, factor: Factor): Promise<void> {
    await manager.insert(Factor, factor);
  }

  async remove(manager: EntityManager, { id }: Factor): Promise<void> {
    await manager.delete(Factor, { id });
  }

  hasAny(manager: EntityManager, userId: string): Promise<boolean> {
    return manager.existsBy(Factor, { userId });
  }

  /** @returns how many factors there were */
  async removeAll(manager: EntityManager, userId: string): Promise<number> {
    const { affected } = await manager.delete(Factor, { userId });
    await manager.delete(RecoveryCode, { userId });
    await manager.delete(TotpEnrolment, { userId });
    return affected ?? 0;
  }

  /**
   * Code replay (threat:code-replay): only a later code than the last one is taken (RFC 6238 section 5.2).
   *
   * @returns whether this call has used the code of the step: of two callers at once, one gets `true`
   */
  async useStep(manager: EntityManager, { id }: Factor, step: number, now: Date): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(Factor)
      .set({ lastStep: step, lastUsedAt: now })
      .where('id = :id AND last_step < :step', { id, step })
      .execute();
    return affected === 1;
  }

  /** The one before of the same user ends. */
  async putEnrolment(manager: EntityManager, enrolment: TotpEnrolment): Promise<void> {
    await manager.upsert(TotpEnrolment, enrolment, ['userId']);
  }

  findEnrolment(
    manager: EntityManager,
    { userId, sessionId }: Pick<TotpEnrolment, 'userId' | 'sessionId'>,
    now: Date,
  ): Promise<TotpEnrolment | null> {
    return manager.findOneBy(TotpEnrolment, { userId, sessionId, expiresAt: MoreThan(now) });
  }

  async removeEnrolment(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(TotpEnrolment, { userId });
  }

  countRecoveryCodes(userId: string): Promise<number> {
    return this.dataSource.manager.countBy(RecoveryCode, { userId });
  }

  /** The ones before no longer work. */
  async putRecoveryCodes(
    manager: EntityManager,
    userId: string,
    hashes: readonly Buffer[],
  ): Promise<void> {
    await manager.delete(RecoveryCode, { userId });
    const codes = hashes.map((hash) => ({ userId, hash }));
    await manager.insert(RecoveryCode, codes);
  }

  /** @returns whether it was there: of two callers at once, one gets `true` */
  async useRecoveryCode(manager: EntityManager, userId: string, hash: Buffer): Promise<boolean> {
    const { affected } = await manager.delete(RecoveryCode, { userId, hash });
    return affected === 1;
  }

  /** Factors with a secret, in the order of their ids. */
  secretsAfter(id: string, count: number): Promise<TotpFactor[]> {
    return this.dataSource.manager.find(Factor, {
      where: { kind: 'totp', id: MoreThan(id) },
      order: { id: 'ASC' },
      take: count,
    }) as Promise<TotpFactor[]>;
  }

  /** Stores the same secret, encrypted anew. */
  async replaceSecret({ id, secret }: TotpFactor, anew: Buffer): Promise<void> {
    await this.dataSource.manager.update(Factor, { id, secret }, { secret: anew });
  }
}
