import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock, secondsUntil } from '../clock.js';
import { Config } from '../config.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { Outcomes } from '../outcomes.js';
import { hashSecret } from '../crypto/secret.js';
import type { TokenRequest } from '../tokens/token-request.schema.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import type { RefreshToken } from './session.entity.js';
import { RefreshTokensRepository, type PresentedToken } from './refresh-tokens.repository.js';
import { openWith, sealUnder } from './seal.js';
import { SessionEndService } from './session-end.service.js';
import { SessionsError } from './sessions.errors.js';
import { bodyAnswer, type SessionTokens, type TokenResponse } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

/**
 * How many answers after it a token may be behind. Each costs time under the lock of the session, and a
 * client that is further behind does not retry: its token is reuse, as after the window.
 */
const MAX_FOLLOWED = 100;

/** A refusal is returned and not thrown, as its transaction may have something to commit. */
type Exchange = SessionTokens | SessionsError;

/**
 * Replaces refresh tokens (RFC 9700 section 4.14.2), each in one transaction that locks its
 * session: of any number of calls, through any number of processes, one replaces the token. A
 * process that dies leaves either the old token or the new one usable.
 *
 * Tabs that refresh at once, and clients whose answer was lost, present a token that has just been
 * replaced. Within the retry window they get the newest answer of the chain. Ages are measured by
 * the clock of the database, which all processes share.
 *
 * Refresh token theft (threat:refresh-token-theft): any other use of a replaced token means that two
 * parties hold it, and the session ends.
 */
@Injectable()
export class RefreshService {
  readonly outcomes = new Outcomes([
    'refresh_token_invalid',
    'refresh_token_expired',
    'refresh_token_reused',
    'scope_exceeded',
    'invalid_target',
  ]);

  constructor(
    private readonly issuer: TokenIssuer,
    private readonly refreshTokens: RefreshTokensRepository,
    private readonly tokenPairs: TokenPairs,
    private readonly sessionEnd: SessionEndService,
    private readonly mail: MailOutbox,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * The next pair of tokens. A repeated call gets the same tokens, whatever it asks for.
   *
   * @throws SessionsError `refresh_token_invalid`, `refresh_token_expired`, `refresh_token_reused`,
   *   `scope_exceeded`; AccessModelError `invalid_target`
   */
  refresh(token: string, origin: Origin, request: TokenRequest = {}): Promise<SessionTokens> {
    return this.outcomes.of(this.exchangeInTransaction(token, origin, request));
  }

  private async exchangeInTransaction(
    token: string,
    origin: Origin,
    request: TokenRequest,
  ): Promise<SessionTokens> {
    const outcome = await this.issuer.transaction((manager) =>
      this.exchange(manager, token, origin, request),
    );
    if (outcome instanceof SessionsError) throw outcome;
    return outcome;
  }

  private async exchange(
    manager: EntityManager,
    token: string,
    origin: Origin,
    request: TokenRequest,
  ): Promise<Exchange> {
    const presented = await this.refreshTokens.lockPresented(manager, hashSecret(token));
    if (!presented) return refusal('refresh_token_invalid', 'No such token');
    // Read after the lock, so that it is later than what the lock waited for.
    const now = await this.clock.database(manager);
    const { refreshToken, session, user } = presented;
    const { replacedAt } = refreshToken;
    const isReplayed = replacedAt !== null && replacedAt >= this.windowStart(now);
    if (replacedAt && !isReplayed) return this.reused(manager, presented, now, origin);
    if (session.endedAt || user.isDisabled) {
      return refusal('refresh_token_invalid', 'Its session was ended');
    }
    if (session.expiresAt <= now) return refusal('refresh_token_expired', 'Its session is over');
    if (isReplayed) {
      const answer = await this.newestAnswer(manager, token, refreshToken, now);
      return answer ?? this.reused(manager, presented, now, origin);
    }
    if (refreshToken.expiresAt <= now)
      return refusal('refresh_token_expired', 'Unused for too long');
    return this.replace(manager, presented, token, request, now);
  }

  /** Tokens that were replaced before this are reuse. */
  private windowStart(now: Date): Date {
    const { refreshRetryWindowMs } = this.config;
    // Without a window not even the same millisecond counts.
    return new Date(+now - (refreshRetryWindowMs > 0 ? refreshRetryWindowMs : -1));
  }

  /**
   * Follows the chain from a replaced token to the newest one: each answer is sealed under the token
   * that it replaced, and holds the next token. So the database alone opens none of them.
   */
  private async newestAnswer(
    manager: EntityManager,
    token: string,
    refreshToken: RefreshToken,
    now: Date,
  ): Promise<SessionTokens | undefined> {
    let current = token;
    let link: RefreshToken | null = refreshToken;
    for (let read = 0; read < MAX_FOLLOWED && link?.sealedSuccessor; read += 1) {
      const answer = JSON.parse(openWith(current, link.sealedSuccessor)) as TokenResponse;
      current = answer.refresh_token;
      link = await this.refreshTokens.find(manager, hashSecret(current));
      if (link && !link.replacedAt) {
        return {
          ...answer,
          expires_in: secondsUntil(link.accessTokenExpiresAt, this.clock.now()),
          refresh_expires_in: secondsUntil(link.expiresAt, now),
        };
      }
    }
    return undefined;
  }

  private async reused(
    manager: EntityManager,
    { session, user }: PresentedToken,
    now: Date,
    origin: Origin,
  ): Promise<Exchange> {
    // Nobody loses or gains anything by a token of a session that is over in any case.
    const hasEnded =
      session.expiresAt > now &&
      (await this.sessionEnd.endSession(manager, {
        userId: user.id,
        sessionId: session.id,
        reason: 'reuse',
        // Who presents a stolen refresh token is not known.
        actor: null,
        origin,
      }));
    if (hasEnded && !user.isDisabled) {
      // Either the user or a thief has just been logged out, and the other has used the token before.
      await this.mail.addNotice(manager, user, 'session-copied', origin);
    }
    return refusal('refresh_token_reused', `Session ${session.id} is over`);
  }

  private async replace(
    manager: EntityManager,
    { refreshToken, session, user }: PresentedToken,
    token: string,
    request: TokenRequest,
    now: Date,
  ): Promise<SessionTokens> {
    const { response, record } = await this.tokenPairs.mint(manager, {
      user,
      session,
      request,
      predecessor: refreshToken.hash,
      now,
    });
    const isKept = this.config.refreshRetryWindowMs > 0;
    await this.refreshTokens.replace(manager, refreshToken, record, {
      now,
      windowStart: this.windowStart(now),
      // Without claims, which are in the database in any case.
      sealedSuccessor: isKept ? sealUnder(token, JSON.stringify(bodyAnswer(response))) : null,
    });
    return response;
  }
}

function refusal(code: SessionsError['code'], message: string): SessionsError {
  return new SessionsError(code, message);
}
