import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { hashRefreshToken } from './refresh-secret.js';
import { RefreshToken } from './refresh-token.entity.js';
import { SessionEnding } from './session-ending.js';
import { Session } from './session.entity.js';
import { SessionsError } from './sessions-error.js';

/** More than anyone reads. Whoever has more ends them all. */
const MAX_LISTED = 500;

@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ending: SessionEnding,
    private readonly clock: Clock,
  ) {}

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
}
