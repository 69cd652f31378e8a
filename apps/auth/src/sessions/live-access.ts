import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { RefreshToken } from './refresh-token.entity.js';
import { Session } from './session.entity.js';

/** The access tokens that a person holds at the moment. */
@Injectable()
export class LiveAccess {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes them by `jti`, in the caller's transaction, which has to hold the person locked: a
   * refresh waits for that lock, so that no token with what the person was slips through. The
   * sessions go on, and the next refresh gives a token with what the person is by then.
   *
   * @returns how many there were
   */
  async revoke(manager: EntityManager, userId: string): Promise<number> {
    const live = await manager
      .createQueryBuilder(RefreshToken, 'token')
      .innerJoin(Session, 'session', 'session.id = token.session_id')
      .select('token.access_token_id', 'id')
      .addSelect('token.access_token_expires_at', 'expiresAt')
      .where('session.user_id = :userId AND session.ended_at IS NULL', { userId })
      .andWhere('token.access_token_expires_at > :latest', { latest: this.latestExpired() })
      .getRawMany<{ id: string; expiresAt: Date }>();
    await this.revocations.revoke(
      manager,
      live.map(({ id, expiresAt }) => ({ kind: 'jti', id, exp: Math.ceil(+expiresAt / 1000) })),
    );
    return live.length;
  }

  /** A minute ago: services take an expired token for up to their clock tolerance. */
  private latestExpired(): Date {
    return new Date(+this.clock.now() - 60_000);
  }
}
