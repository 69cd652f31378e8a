import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { TokenFormat } from '../tokens/token-format.js';
import { User } from '../users/user.entity.js';
import { hashRefreshToken } from './refresh-secret.js';
import { RefreshToken } from './refresh-token.entity.js';
import { SessionEnding } from './session-ending.js';
import { Session } from './session.entity.js';
import { SessionsError } from './sessions-error.js';
import type { TokenResponse } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

/** What a login asks for. */
export interface SessionRequest {
  /** Of what the person may do, only this: for the whole session. */
  readonly scope?: string | undefined;
  /** Of the first access token: each refresh says its own. */
  readonly format?: TokenFormat | undefined;
}

/** More than anyone reads. Whoever has more ends them all. */
const MAX_LISTED = 500;

@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokenPairs: TokenPairs,
    private readonly ending: SessionEnding,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a session for someone who has just proved who they are.
   *
   * @param user as it was when the password was checked.
   * @throws SessionsError `credentials_changed`
   */
  start(
    user: User,
    { scope, format = 'jwt' }: SessionRequest,
    origin: Origin,
  ): Promise<TokenResponse> {
    const requestedScope = scope ?? null;
    const now = this.clock.now();
    const session: Session = {
      id: randomUUID(),
      userId: user.id,
      requestedScope,
      address: origin.address,
      userAgent: origin.userAgent,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: new Date(now.getTime() + this.config.sessionTtlMs),
      endedAt: null,
      endReason: null,
    };
    return this.dataSource.transaction(async (manager) => {
      const current = await this.stillWelcome(manager, user);
      await manager.insert(Session, session);
      await this.audit.record(manager, {
        action: 'session.started',
        actor: user.id,
        subject: session.id,
        origin,
      });
      const { response, record } = await this.tokenPairs.mint(manager, {
        userId: current.id,
        roles: current.roles,
        claims: current.claims,
        sessionId: session.id,
        sessionExpiresAt: session.expiresAt,
        requestedScope,
        format,
        predecessor: null,
      });
      await manager.insert(RefreshToken, record);
      return response;
    });
  }

  /** The living sessions of a person, the last used first. */
  list(userId: string): Promise<Session[]> {
    const now = this.clock.now();
    return this.dataSource
      .createQueryBuilder(Session, 'session')
      .where('session.user_id = :userId AND session.ended_at IS NULL', { userId })
      .andWhere('session.expires_at > :now', { now })
      .andWhere(
        `EXISTS (SELECT FROM refresh_tokens token WHERE token.session_id = session.id
           AND token.replaced_at IS NULL AND token.expires_at > :now)`,
      )
      .orderBy('session.last_used_at', 'DESC')
      .take(MAX_LISTED)
      .getMany();
  }

  /** Whether this person has had a session from this address. */
  hasBeenAt(userId: string, address: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(Session, { userId, address });
  }

  /** Ends the session that the caller is in. Ending it twice is ending it once. */
  async logout(userId: string, sessionId: string, origin: Origin): Promise<void> {
    await this.dataSource.transaction((manager) =>
      this.ending.one(manager, { userId, sessionId, reason: 'logout', origin }),
    );
  }

  /** Ends the session of a refresh token, whether or not it has been replaced. */
  async endByRefreshToken(token: string, origin: Origin): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const known = await manager.findOneBy(RefreshToken, { hash: hashRefreshToken(token) });
      if (!known) return;
      const { id, userId } = await manager.findOneByOrFail(Session, { id: known.sessionId });
      await this.ending.one(manager, { userId, sessionId: id, reason: 'logout', origin });
    });
  }

  /** @throws SessionsError `session_not_found`, also for another person's */
  async delete(userId: string, sessionId: string, origin: Origin): Promise<void> {
    const hasEnded = await this.dataSource.transaction((manager) =>
      this.ending.one(manager, { userId, sessionId, reason: 'deleted', origin }),
    );
    if (!hasEnded) throw new SessionsError('session_not_found', `No session ${sessionId}`);
  }

  async logoutEverywhere(userId: string, origin: Origin): Promise<void> {
    await this.dataSource.transaction((manager) =>
      this.ending.all(manager, { userId, reason: 'logout_everywhere', actor: userId, origin }),
    );
  }

  /**
   * Between the check of a password and this transaction, the password may have changed or the
   * person been disabled. Locked, so that whoever does either waits, and then finds this session
   * among those to end.
   */
  private async stillWelcome(manager: EntityManager, checked: User): Promise<User> {
    const user = await manager.findOne(User, {
      where: { id: checked.id },
      lock: { mode: 'pessimistic_read' },
    });
    const isSamePassword = +checked.passwordChangedAt === +(user?.passwordChangedAt ?? NaN);
    if (user && !user.isDisabled && isSamePassword) return user;
    throw new SessionsError('credentials_changed', 'The password or the person changed meanwhile');
  }
}
