import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { DoneBy, Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { exportedOf, inBatches } from '../exported-rows.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { hashSecret } from '../crypto/secret.js';
import type { OwnedSession, SessionUser } from '../users/current-user.decorator.js';
import { lockCaller } from '../users/lock-caller.js';
import { UsersRepository } from '../users/users.repository.js';
import { SessionEndService } from './session-end.service.js';
import { authenticationOf, SESSION_EXPORT, type Session } from './session.entity.js';
import { SessionsError } from './sessions.errors.js';
import { SessionsRepository } from './sessions.repository.js';

/** What users do with their own sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: SessionsRepository,
    private readonly users: UsersRepository,
    private readonly sessionEnd: SessionEndService,
    private readonly clock: Clock,
  ) {}

  /** The sessions of a user that can be used, the last used first. */
  async list(userId: string): Promise<Session[]> {
    const { manager } = this.dataSource;
    return this.sessions.list(manager, userId, await this.clock.database(manager));
  }

  /** Those of a user, as an export of the account has them: those that are over included. */
  async *exportedOf(userId: string): AsyncGenerator<object> {
    const sessions = inBatches<Session>((after, count) =>
      this.sessions.all(this.dataSource.manager, userId, { after: after?.id, count }),
    );
    for await (const session of sessions) {
      yield { ...exportedOf(session, SESSION_EXPORT), ...authenticationOf(session) };
    }
  }

  /** Ends a session as its user does. Ending it twice is ending it once. */
  async logout({ userId, sessionId }: OwnedSession, by: DoneBy): Promise<void> {
    await this.dataSource.transaction((manager) =>
      this.sessionEnd.endSession(manager, { ...by, userId, sessionId, reason: 'logout' }),
    );
  }

  /** Of a refresh token that was issued, replaced or not, and has not been removed for its age. */
  async ofRefreshToken(token: string): Promise<OwnedSession | undefined> {
    const session = await this.sessions.findByToken(this.dataSource.manager, hashSecret(token));
    return session ? { userId: session.userId, sessionId: session.id } : undefined;
  }

  /**
   * Ends the session that an administrator revokes by its id, if there is one.
   *
   * @throws TokenError `token_revoked`
   */
  async endRevoked(id: string, by: DoneBy): Promise<void> {
    if (toUuid(id) === undefined) return;
    await this.dataSource.transaction(async (manager) => {
      const session = await this.sessions.find(manager, id);
      if (!session) return;
      const { userId } = session;
      const end = { ...by, userId, sessionId: id, reason: 'revoked' } as const;
      await this.users.lock(manager, userId);
      await demandStillValid(manager, by.caller);
      await this.sessionEnd.endSession(manager, end);
    });
  }

  /** @throws SessionsError `session_not_found`, also for another user's */
  async delete(caller: SessionUser, sessionId: string, origin: Origin): Promise<void> {
    const { userId } = caller;
    const end = { userId, sessionId, reason: 'deleted', actor: userId, origin } as const;
    const hasEnded = await this.dataSource.transaction(async (manager) => {
      await lockCaller(this.users, manager, caller);
      return this.sessionEnd.endSession(manager, end);
    });
    if (!hasEnded) throw new SessionsError('session_not_found', `No session ${sessionId}`);
  }

  /** @returns the ids of the sessions that this has ended */
  async logoutEverywhere(caller: SessionUser, origin: Origin): Promise<string[]> {
    const { userId } = caller;
    const end = { userId, reason: 'logout_everywhere', actor: userId, origin } as const;
    return this.dataSource.transaction(async (manager) => {
      await lockCaller(this.users, manager, caller);
      return this.sessionEnd.endAllSessions(manager, end);
    });
  }
}
