import type { ExpiredRows } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';

import { ReferenceToken } from './reference-token.entity.js';

/** They hold claims of up to 64 KiB. An expired one is refused in the same words as an unknown one. */
export const EXPIRED_REFERENCE_TOKENS: ExpiredRows = {
  entity: ReferenceToken,
  condition: `expired.expiresAt < now() - interval '1 minute'`,
  age: 'expiresAt',
};

/** All SQL of reference tokens. */
@Injectable()
export class ReferenceTokensRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(manager: EntityManager, token: ReferenceToken): Promise<void> {
    await manager.insert(ReferenceToken, token);
  }

  /** Those that say something about a user. */
  async removeBySubject(manager: EntityManager, subject: string): Promise<void> {
    await manager
      .createQueryBuilder()
      .delete()
      .from(ReferenceToken)
      .where(`claims ->> 'sub' = :subject`, { subject })
      .execute();
  }

  /** The token with this hash, if it expires later. */
  findLive(hash: Buffer, now: Date): Promise<ReferenceToken | null> {
    return this.dataSource.manager.findOneBy(ReferenceToken, { hash, expiresAt: MoreThan(now) });
  }
}
