import { PRUNE_GRACE_SECONDS } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import { Any, Not, type EntityManager, type FindOptionsWhere } from 'typeorm';

import type { Narrowing } from '../access/access-changes.js';
import { AuditService } from '../audit/audit.service.js';
import type { DoneBy, Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { UsersRepository } from '../users/users.repository.js';
import { RefreshTokensRepository, type LiveAccess } from './refresh-tokens.repository.js';
import { PossibleThefts } from './possible-thefts.js';
import type { Session, EndReason } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

interface EndSession extends DoneBy {
  readonly userId: string;
  readonly sessionId: string;
  readonly reason: EndReason;
}

interface EndAllSessions extends DoneBy {
  readonly userId: string;
  readonly reason: EndReason;
  /** The session that goes on. */
  readonly except?: string | undefined;
}

/**
 * Ends sessions for good: no refresh token of theirs works any more, and a `sid` revocation ends the
 * access tokens at every service. All in the caller's transaction, and by sets: a user may have any
 * number of sessions.
 *
 * By `sid` and never by time, so that a login later in the same second goes on.
 */
@Injectable()
export class SessionEndService {
  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsRepository,
    private readonly refreshTokens: RefreshTokensRepository,
    private readonly possibleThefts: PossibleThefts,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends a session that its user leaves, or that may be a thief's.
   *
   * @returns whether there was such a session to end
   */
  async endSession(
    manager: EntityManager,
    { userId, sessionId, reason, ...by }: EndSession,
  ): Promise<boolean> {
    // Lock the user before the session. Not for a logout, of which no listener learns. Nor for a
    // reuse: the refresh that found it has locked the user, FOR SHARE. Two of them that wanted more
    // would wait for each other.
    if (reason !== 'logout' && reason !== 'reuse') await this.users.lock(manager, userId);
    const ended = await this.end(manager, { id: sessionId, userId }, reason);
    if (ended.length === 0) return false;
    await this.audit.record(manager, {
      ...by,
      action: reason === 'reuse' ? 'session.refresh_token_reused' : 'session.ended',
      subject: sessionId,
      detail: { userId, reason },
    });
    if (reason !== 'logout') await this.possibleThefts.announce(manager, userId);
    return true;
  }

  /** @returns the ids of those that there were */
  async endAllSessions(
    manager: EntityManager,
    { userId, reason, except, ...by }: EndAllSessions,
  ): Promise<string[]> {
    // Two callers who end all sessions at once would each wait for rows that the other holds.
    await this.users.lock(manager, userId);
    const others = except === undefined ? {} : { id: Not(except) };
    const ids = await this.end(manager, { userId, ...others }, reason);
    await this.audit.record(manager, {
      ...by,
      action: 'sessions.ended',
      subject: userId,
      detail: { reason, count: ids.length },
    });
    await this.possibleThefts.announce(manager, userId);
    return ids;
  }

  /** Ends what a user has beyond `SESSIONS_PER_USER`, the longest unused first. */
  async endOldestSessions(
    manager: EntityManager,
    userId: string,
    { origin, now }: { readonly origin: Origin; readonly now: Date },
  ): Promise<void> {
    const keep = this.config.sessionsPerUser;
    const ids = await this.sessions.idsBeyond(manager, userId, { keep, now });
    if (ids.length === 0) return;
    const ended = await this.end(manager, { id: Any(ids) }, 'too_many');
    await this.audit.record(manager, {
      action: 'sessions.ended',
      actor: userId,
      subject: userId,
      origin,
      detail: { reason: 'too_many', count: ended.length },
    });
  }

  /**
   * Revokes the access tokens of a user by `jti`. The caller's transaction has to hold the user
   * locked: a refresh waits for that lock, so that no token with the former roles or claims is
   * missed. The sessions go on, and the next refresh gives a token with the new ones.
   *
   * @returns how many there were
   */
  async revokeAccessTokens(manager: EntityManager, userId: string): Promise<number> {
    const live = await this.refreshTokens.liveAccessTokens(manager, userId, this.latestExpired());
    await this.revoke(manager, 'jti', live);
    return live.length;
  }

  /**
   * Revokes by `jti`, however many, the access tokens of all users that say what is taken away. The
   * caller's transaction has changed the role or resource and keeps others from issuing tokens.
   *
   * @returns how many there were
   */
  async revokeNarrowed(manager: EntityManager, narrowing: Narrowing): Promise<number> {
    const live = await this.refreshTokens.narrowedTokens(manager, narrowing, {
      since: this.latestExpired(),
      defaultAudience: this.config.audience,
    });
    await this.revoke(manager, 'jti', live);
    return live.length;
  }

  private async end(
    manager: EntityManager,
    where: FindOptionsWhere<Session>,
    reason: EndReason,
  ): Promise<string[]> {
    const endedAt = await this.clock.database(manager);
    const ids = await this.sessions.end(manager, where, { endedAt, endReason: reason });
    const live = await this.refreshTokens.liveSessions(manager, ids, this.latestExpired());
    await this.revoke(manager, 'sid', live);
    return ids;
  }

  private revoke(
    manager: EntityManager,
    kind: 'jti' | 'sid',
    live: readonly LiveAccess[],
  ): Promise<void> {
    return this.revocations.revoke(
      manager,
      live.map(({ id, expiresAt }) => ({ kind, id, exp: Math.ceil(+expiresAt / 1000) })),
    );
  }

  /** Services accept an expired token for up to their clock tolerance. */
  private latestExpired(): Date {
    return new Date(+this.clock.now() - PRUNE_GRACE_SECONDS * 1000);
  }
}
