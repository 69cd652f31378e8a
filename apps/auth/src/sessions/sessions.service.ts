import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { DoneBy, Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { hashSecret } from '../secret.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { SessionEndService } from './session-end.service.js';
import type { Session } from './session.entity.js';
import { SessionsError } from './sessions.errors.js';
import { SessionsRepository } from './sessions.repository.js';

/** What users do with their own sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: SessionsRepository,
    private readonly sessionEnd: SessionEndService,
    private readonly revocations: RevocationsService,
    private readonly clock: Clock,
  ) {}

  /** The sessions of a user that can be used, the last used first. */
  async list(userId: string): Promise<Session[]> {
    const { manager } = this.dataSource;
    return this.sessions.list(manager, userId, await this.clock.database(manager));
  }

  /** Ends a session as its user does. Ending it twice is ending it once. */
  async logout({ userId, sessionId }: SessionUser, by: DoneBy): Promise<void> {
    await this.dataSource.transaction((manager) =>
      this.sessionEnd.endSession(manager, { ...by, userId, sessionId, reason: 'logout' }),
    );
  }

  /** Of a refresh token that was issued, replaced or not, and has not been removed for its age. */
  async ofRefreshToken(token: string): Promise<SessionUser | undefined> {
    const session = await this.sessions.findByToken(this.dataSource.manager, hashSecret(token));
    return session ? { userId: session.userId, sessionId: session.id } : undefined;
  }

  /** Ends the session that an administrator revokes by its id, if there is one. */
  async endRevoked(id: string, by: DoneBy): Promise<void> {
    if (toUuid(id) === undefined) return;
    await this.dataSource.transaction(async (manager) => {
      const session = await this.sessions.find(manager, id);
      if (!session) return;
      const { userId } = session;
      const end = { ...by, userId, sessionId: id, reason: 'revoked' } as const;
      await this.sessionEnd.endSession(manager, end);
    });
  }

  /**
   * Locks the session of a caller, whose user is locked already. The session cannot end before the
   * transaction, so that its end also ends what the caller asks for in it.
   *
   * @throws SessionsError `session_not_found` when it has ended since the guard let the caller in
   */
  async lockOpen(manager: EntityManager, { userId, sessionId }: SessionUser): Promise<void> {
    const session = await this.sessions.lockOpen(manager, sessionId, userId);
    if (!session) throw new SessionsError('session_not_found', `Session ${sessionId} is over`);
  }

  /** @throws SessionsError `session_not_found`, also for another user's */
  async delete(userId: string, sessionId: string, origin: Origin): Promise<void> {
    const end = { userId, sessionId, reason: 'deleted', actor: userId, origin } as const;
    const hasEnded = await this.dataSource.transaction((manager) =>
      this.sessionEnd.endSession(manager, end),
    );
    if (!hasEnded) throw new SessionsError('session_not_found', `No session ${sessionId}`);
  }

  /** @returns the id of the transaction that has published this */
  async logoutEverywhere(userId: string, origin: Origin): Promise<bigint | undefined> {
    const end = { userId, reason: 'logout_everywhere', actor: userId, origin } as const;
    return this.dataSource.transaction(async (manager) => {
      await this.sessionEnd.endAllSessions(manager, end);
      return this.revocations.transactionId(manager);
    });
  }
}
