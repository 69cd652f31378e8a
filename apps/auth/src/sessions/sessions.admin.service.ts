import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { DoneBy } from '../audit/origin.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { UsersRepository } from '../users/users.repository.js';
import { SessionEndService } from './session-end.service.js';
import type { Session } from './session.entity.js';
import { SessionsError } from './sessions.errors.js';
import { SessionsService } from './sessions.service.js';

/** What administrators do with the sessions of a user. */
@Injectable()
export class SessionsAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
    private readonly sessionEnd: SessionEndService,
  ) {}

  /**
   * The sessions that can be used, the last used first.
   *
   * @throws UsersError `user_not_found`
   */
  async list(userId: string): Promise<Session[]> {
    return this.sessions.list((await this.users.demand(userId)).id);
  }

  /**
   * @returns how many there were
   * @throws UsersError `user_not_found`
   */
  async endAll(userId: string, by: DoneBy): Promise<number> {
    const { id } = await this.users.demand(userId);
    const end = { ...by, userId: id, reason: 'revoked' } as const;
    const ended = await this.dataSource.transaction(async (manager) => {
      await this.users.lock(manager, id);
      await demandStillValid(manager, by.caller);
      return this.sessionEnd.endAllSessions(manager, end);
    });
    return ended.length;
  }

  /** @throws SessionsError `session_not_found`, also for a session of another user */
  async end(userId: string, sessionId: string, by: DoneBy): Promise<void> {
    const [user, session] = [toUuid(userId), toUuid(sessionId)];
    const notFound = new SessionsError('session_not_found', `No session ${sessionId}`);
    if (user === undefined || session === undefined) throw notFound;
    const end = { ...by, userId: user, sessionId: session, reason: 'revoked' } as const;
    const hasEnded = await this.dataSource.transaction(async (manager) => {
      await this.users.lock(manager, user);
      await demandStillValid(manager, by.caller);
      return this.sessionEnd.endSession(manager, end);
    });
    if (!hasEnded) throw notFound;
  }
}
