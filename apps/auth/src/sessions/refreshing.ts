import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { Outcomes } from '../metrics/outcomes.js';
import type { TokenFormat } from '../tokens/token-format.js';
import { grantedScopes } from '../users/roles.js';
import { hashRefreshToken, openWith, sealUnder } from './refresh-secret.js';
import { SessionEnding } from './session-ending.js';
import { SessionsError } from './sessions-error.js';
import type { TokenResponse } from './sessions.schema.js';
import {
  findPresentedToken,
  lockPresentedToken,
  replaceToken,
  type PresentedToken,
} from './token-chain.js';
import { TokenPairs } from './token-pairs.js';

/** What a refresh may ask of the next access token. */
export interface RefreshWish {
  /** `jwt` unless told otherwise. */
  readonly format?: TokenFormat;
  /** Fewer scopes than the session has, for this one token (RFC 6749 section 6). */
  readonly scope?: string | undefined;
}

/** A refusal is returned and not thrown where its transaction has something to commit. */
type Outcome = TokenResponse | SessionsError;

/**
 * Replaces refresh tokens (RFC 9700 section 4.14.2), each in one transaction that locks its
 * session: of any number of calls, through any number of processes, one replaces, and a process that
 * dies leaves either the old token or the new one.
 *
 * Two tabs that refresh at once, and a client whose answer was lost on the way, present a token
 * that has just been replaced. Within the retry window they get the same answer once more.
 *
 * Refresh token theft (threat:refresh-token-theft): any other use of a replaced token means that two hold it, and the session
 * ends.
 */
@Injectable()
export class Refreshing {
  readonly outcomes = new Outcomes([
    'refresh_token_invalid',
    'refresh_token_expired',
    'refresh_token_reused',
    'scope_exceeded',
  ]);

  constructor(
    private readonly dataSource: DataSource,
    private readonly tokenPairs: TokenPairs,
    private readonly ending: SessionEnding,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * A repeated call gets the first one's answer, whatever it asks for.
   *
   * @throws SessionsError `refresh_token_invalid`, `refresh_token_expired`, `refresh_token_reused`,
   *   `scope_exceeded`
   */
  refresh(token: string, origin: Origin, wish: RefreshWish = {}): Promise<TokenResponse> {
    return this.outcomes.of(this.exchanged(token, origin, wish));
  }

  private async exchanged(
    token: string,
    origin: Origin,
    wish: RefreshWish,
  ): Promise<TokenResponse> {
    const outcome =
      (await this.exchangeQuickly(token, wish)) ??
      (await this.dataSource.transaction((manager) => this.exchange(manager, token, wish, origin)));
    if (outcome instanceof SessionsError) throw outcome;
    return outcome;
  }

  /**
   * Nearly every token is presented once, in time and by one caller: it is read without a lock, and
   * replaced if it still is what was read, in one statement that is a transaction of its own.
   * Returns nothing for all others, of whom only a lock can tell what has become of them.
   */
  private async exchangeQuickly(token: string, wish: RefreshWish): Promise<Outcome | undefined> {
    const { manager } = this.dataSource;
    const presented = await findPresentedToken(manager, hashRefreshToken(token));
    if (!presented) return refusal('refresh_token_invalid', 'No such token');
    const { replacedAt, endedAt, isDisabled, expiresAt, sessionExpiresAt } = presented;
    const now = this.clock.now();
    const isUsable = !replacedAt && !endedAt && !isDisabled;
    if (!isUsable || sessionExpiresAt <= now || expiresAt <= now) return undefined;
    return this.replace(manager, presented, token, wish);
  }

  private async exchange(
    manager: EntityManager,
    token: string,
    wish: RefreshWish,
    origin: Origin,
  ): Promise<Outcome> {
    const presented = await lockPresentedToken(manager, hashRefreshToken(token));
    if (!presented) return refusal('refresh_token_invalid', 'No such token');
    const { replacedAt, endedAt, isDisabled, expiresAt, sessionExpiresAt } = presented;

    const answer = this.answerToRetry(presented);
    if (replacedAt && !answer) return this.reused(manager, presented, origin);
    if (endedAt || isDisabled) return refusal('refresh_token_invalid', 'Its session was ended');
    const now = this.clock.now();
    if (sessionExpiresAt <= now) return refusal('refresh_token_expired', 'Its session is over');
    if (answer) return JSON.parse(openWith(token, answer)) as TokenResponse;
    if (expiresAt <= now) return refusal('refresh_token_expired', 'Unused for too long');
    const outcome = await this.replace(manager, presented, token, wish);
    if (!outcome) throw new Error('A locked token has changed');
    return outcome;
  }

  /** Only the immediate predecessor still has its successor, and only for a while. */
  private answerToRetry({ replacedAt, sealedSuccessor }: PresentedToken): Buffer | null {
    const age = +this.clock.now() - +(replacedAt ?? NaN);
    return age <= this.config.refreshRetryWindowMs ? sealedSuccessor : null;
  }

  private async reused(
    manager: EntityManager,
    { sessionId, userId }: PresentedToken,
    origin: Origin,
  ): Promise<Outcome> {
    await this.ending.one(manager, { userId, sessionId, reason: 'reuse', origin });
    return refusal('refresh_token_reused', `Session ${sessionId} is over`);
  }

  /** Returns nothing when the token is not any more what it was when it was presented. */
  private async replace(
    manager: EntityManager,
    presented: PresentedToken,
    token: string,
    { format = 'jwt', scope }: RefreshWish,
  ): Promise<Outcome | undefined> {
    const { roles, requestedScope } = presented;
    const granted = grantedScopes(roles, requestedScope);
    if (scope?.split(' ').some((wanted) => !granted.includes(wanted))) {
      return refusal('scope_exceeded', 'The session has not all of these scopes');
    }
    const pair = await this.tokenPairs.mint(manager, {
      ...presented,
      format,
      requestedScope: scope ?? requestedScope,
      predecessor: presented.hash,
    });
    const isKept = this.config.refreshRetryWindowMs > 0;
    const sealed = isKept ? sealUnder(token, JSON.stringify(pair.response)) : null;
    const isReplaced = await replaceToken(manager, presented, pair, sealed);
    return isReplaced ? pair.response : undefined;
  }
}

function refusal(code: SessionsError['code'], message: string): SessionsError {
  return new SessionsError(code, message);
}
