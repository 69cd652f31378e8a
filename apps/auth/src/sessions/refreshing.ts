import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { User } from '../users/user.entity.js';
import { hashRefreshToken, openWith, sealUnder } from './refresh-secret.js';
import { RefreshToken } from './refresh-token.entity.js';
import { SessionEnding } from './session-ending.js';
import { Session } from './session.entity.js';
import { SessionsError } from './sessions-error.js';
import type { TokenResponse } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

/** A refusal is returned and not thrown where its transaction has something to commit. */
type Outcome = TokenResponse | SessionsError;

/**
 * Replaces refresh tokens (RFC 9700 section 4.14.2), each in one transaction that holds its session
 * locked: of any number of calls, through any number of processes, one replaces, and a process that
 * dies leaves either the old token or the new one.
 *
 * Two tabs that refresh at once, and a client whose answer was lost on the way, present a token
 * that has just been replaced. Within the retry window they get the same answer once more. Any
 * other use of a replaced token means that two hold it, and the session ends.
 */
@Injectable()
export class Refreshing {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokenPairs: TokenPairs,
    private readonly ending: SessionEnding,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws SessionsError `refresh_token_invalid`, `refresh_token_expired`, `refresh_token_reused` */
  async refresh(token: string, origin: Origin): Promise<TokenResponse> {
    const outcome = await this.dataSource.transaction((manager) =>
      this.exchange(manager, token, origin),
    );
    if (outcome instanceof SessionsError) throw outcome;
    return outcome;
  }

  private async exchange(manager: EntityManager, token: string, origin: Origin): Promise<Outcome> {
    const hash = hashRefreshToken(token);
    const session = await lockedSession(manager, hash);
    // Read after the lock: another process may have replaced it while this one waited.
    const presented = session && (await manager.findOneBy(RefreshToken, { hash }));
    if (!presented) return refusal('refresh_token_invalid', 'No such token');

    const isRetry = this.isRetry(presented);
    if (presented.replacedAt && !isRetry) return this.reused(manager, session, origin);
    const user = await manager.findOneByOrFail(User, { id: session.userId });
    if (session.endedAt || user.isDisabled) return refusal('refresh_token_invalid', 'Ended');

    const now = this.clock.now();
    if (session.expiresAt <= now) return refusal('refresh_token_expired', 'Its session is over');
    if (isRetry) return JSON.parse(openWith(token, presented.sealedSuccessor)) as TokenResponse;
    if (presented.expiresAt <= now) return refusal('refresh_token_expired', 'Unused for too long');
    return this.replace(manager, session, user, { token, presented });
  }

  /** Only the immediate predecessor still has its successor, and only for a while. */
  private isRetry(token: RefreshToken): token is RefreshToken & { sealedSuccessor: Buffer } {
    if (!token.replacedAt || !token.sealedSuccessor) return false;
    return +this.clock.now() - +token.replacedAt <= this.config.refreshRetryWindowMs;
  }

  private async reused(manager: EntityManager, session: Session, origin: Origin): Promise<Outcome> {
    const { id: sessionId, userId } = session;
    await this.ending.one(manager, { userId, sessionId, reason: 'reuse', origin });
    return refusal('refresh_token_reused', `Session ${sessionId} is over`);
  }

  private async replace(
    manager: EntityManager,
    session: Session,
    user: User,
    { token, presented: { hash, predecessor } }: { token: string; presented: RefreshToken },
  ): Promise<TokenResponse> {
    const now = this.clock.now();
    const { response, record } = this.tokenPairs.mint(session, user, hash);
    const sealedSuccessor =
      this.config.refreshRetryWindowMs > 0 ? sealUnder(token, JSON.stringify(response)) : null;
    if (predecessor) {
      await manager.update(RefreshToken, { hash: predecessor }, { sealedSuccessor: null });
    }
    await manager.update(RefreshToken, { hash }, { replacedAt: now, sealedSuccessor });
    await manager.insert(RefreshToken, record);
    await manager.update(Session, { id: session.id }, { lastUsedAt: now });
    return response;
  }
}

function lockedSession(manager: EntityManager, hash: Buffer): Promise<Session | null> {
  // The session and never its tokens: whoever refreshes any of them, or ends it, waits here.
  return manager
    .createQueryBuilder(Session, 'session')
    .setLock('pessimistic_write')
    .where('session.id = (SELECT session_id FROM refresh_tokens WHERE hash = :hash)', { hash })
    .getOne();
}

function refusal(code: SessionsError['code'], message: string): SessionsError {
  return new SessionsError(code, message);
}
