import { Injectable } from '@nestjs/common';
import { In, IsNull, Not, type EntityManager, type FindOptionsWhere } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { User } from '../users/user.entity.js';
import { RefreshToken } from './refresh-token.entity.js';
import { Session, type SessionEnd } from './session.entity.js';

interface EndOne {
  readonly userId: string;
  readonly sessionId: string;
  readonly reason: SessionEnd;
  /** Who wants it: the person, unless told otherwise. */
  readonly actor?: string;
  readonly origin: Origin;
}

interface EndAll {
  readonly userId: string;
  readonly reason: SessionEnd;
  /** Who wants it: the person, or an administrator. */
  readonly actor: string;
  readonly origin: Origin;
  /** The session that goes on. */
  readonly except?: string;
}

/**
 * Ends sessions for good: no refresh token of theirs works any more, and a `sid` revocation kills
 * the access tokens at every service. All in the caller's transaction.
 *
 * By `sid` and never by time: a login in the same second afterwards lives.
 */
@Injectable()
export class SessionEnding {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Whether there was such a session to end. */
  async one(
    manager: EntityManager,
    { userId, sessionId, reason, actor = userId, origin }: EndOne,
  ): Promise<boolean> {
    const ended = await this.end(manager, { id: sessionId, userId }, reason);
    if (ended.length === 0) return false;
    const who =
      reason === 'reuse'
        ? // Whoever presents a stolen token is not known.
          ({ action: 'session.refresh_token_reused', actor: null } as const)
        : ({ action: 'session.ended', actor } as const);
    await this.audit.record(manager, {
      ...who,
      subject: sessionId,
      origin,
      detail: { userId, reason },
    });
    return true;
  }

  async all(
    manager: EntityManager,
    { userId, reason, actor, origin, except }: EndAll,
  ): Promise<void> {
    // Two who end all sessions at once would each wait for rows that the other holds.
    await manager.findOne(User, { where: { id: userId }, lock: { mode: 'for_no_key_update' } });
    const others = except === undefined ? {} : { id: Not(except) };
    const ended = await this.end(manager, { userId, ...others }, reason);
    await this.audit.record(manager, {
      action: 'sessions.ended',
      actor,
      subject: userId,
      origin,
      detail: { reason, count: ended.length },
    });
  }

  private async end(
    manager: EntityManager,
    where: FindOptionsWhere<Session>,
    reason: SessionEnd,
  ): Promise<string[]> {
    const result = await manager
      .createQueryBuilder()
      .update(Session)
      .set({ endedAt: this.clock.now(), endReason: reason })
      .where({ ...where, endedAt: IsNull() })
      .returning('id')
      .execute();
    const ids = (result.raw as { id: string }[]).map(({ id }) => id);
    await this.revokeAccess(manager, ids);
    return ids;
  }

  private async revokeAccess(manager: EntityManager, sessionIds: readonly string[]): Promise<void> {
    const live = await manager
      .createQueryBuilder(RefreshToken, 'token')
      .select('token.session_id', 'id')
      .addSelect('max(token.access_token_expires_at)', 'expiresAt')
      .where({ sessionId: In([...sessionIds]) })
      .groupBy('token.session_id')
      .getRawMany<{ id: string; expiresAt: Date }>();
    await this.revocations.revoke(
      manager,
      live.map(({ id, expiresAt }) => ({ kind: 'sid', id, exp: Math.ceil(+expiresAt / 1000) })),
    );
  }
}
