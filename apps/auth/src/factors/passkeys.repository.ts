import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, MoreThan, type EntityManager } from 'typeorm';

import { aDayAfterExpiry } from '../expiry.js';
import { Factor, Passkey, PasskeyChallenge } from './factor.entity.js';

export const EXPIRED_PASSKEY_CHALLENGES = aDayAfterExpiry(PasskeyChallenge);

/** A passkey with its factor. */
export interface OwnedPasskey extends Passkey {
  readonly userId: string;
}

/** All SQL of passkeys and their challenges. */
@Injectable()
export class PasskeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns whether it was added: of all users, one has a credential with this id */
  async insert(manager: EntityManager, passkey: Passkey): Promise<boolean> {
    const insert = manager.createQueryBuilder().insert().into(Passkey).values(passkey).orIgnore();
    const { raw } = (await insert.returning('factor_id').execute()) as { raw: object[] };
    return raw.length > 0;
  }

  of(userId: string, manager = this.dataSource.manager): Promise<Passkey[]> {
    return manager
      .createQueryBuilder(Passkey, 'passkey')
      .innerJoin(Factor, 'factor', 'factor.id = passkey.factor_id')
      .where('factor.user_id = :userId', { userId })
      .orderBy('factor.created_at')
      .getMany();
  }

  async find(
    credentialId: string,
    manager = this.dataSource.manager,
  ): Promise<OwnedPasskey | undefined> {
    const passkey = await manager.findOneBy(Passkey, { credentialId });
    const factor = passkey && (await manager.findOneBy(Factor, { id: passkey.factorId }));
    return factor ? { ...passkey, userId: factor.userId } : undefined;
  }

  async noteUse(
    manager: EntityManager,
    { factorId }: Passkey,
    { signCount, isSynced, now }: { signCount: number; isSynced: boolean; now: Date },
  ): Promise<void> {
    await manager.update(Passkey, { factorId }, { signCount: String(signCount), isSynced });
    await manager.update(Factor, { id: factorId }, { lastUsedAt: now });
  }

  async insertChallenge(manager: EntityManager, challenge: PasskeyChallenge): Promise<void> {
    await manager.insert(PasskeyChallenge, challenge);
  }

  /** @returns whether it was there: of two callers at once, one gets `true` */
  async useChallenge(
    manager: EntityManager,
    { hash, boundTo, userId }: Omit<PasskeyChallenge, 'expiresAt'>,
    now: Date,
  ): Promise<boolean> {
    const { affected } = await manager.delete(PasskeyChallenge, {
      hash,
      boundTo,
      userId: userId ?? IsNull(),
      expiresAt: MoreThan(now),
    });
    return affected === 1;
  }
}
