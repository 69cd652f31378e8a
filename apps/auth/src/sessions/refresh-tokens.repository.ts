import {
  entityColumns,
  execute,
  insertRows,
  type EntityColumns,
  type ExpiredRows,
  type Statement,
} from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';

import type { Narrowing } from '../access/access-changes.js';
import { keyWhileIssuing } from '../access/access-locks.js';
import { User } from '../users/user.entity.js';
import { RefreshToken, Session } from './session.entity.js';

/** A day after both tokens of a pair have expired. */
export const EXPIRED_REFRESH_TOKENS: ExpiredRows = {
  entity: RefreshToken,
  condition: `expired.expiresAt < now() - interval '1 day'
    AND expired.accessTokenExpiresAt < now() - interval '1 day'`,
  age: 'expiresAt',
};

/**
 * Nothing depends on the tokens of a session that has ended: they are refused in any case, one that was replaced
 * as `reused` until it is removed, and then as an unknown one. Only of sessions that ended in the last two
 * days, so that not all of them are looked at each time.
 */
export const TOKENS_OF_ENDED_SESSIONS: ExpiredRows = {
  entity: RefreshToken,
  condition: `expired.accessTokenExpiresAt < now() - interval '1 hour' AND expired.sessionId IN (
    SELECT id FROM sessions
    WHERE ended_at BETWEEN now() - interval '2 days' AND now() - interval '1 hour')`,
  age: 'expiresAt',
};

/** A refresh token that a caller presents, with its session and its user. */
export interface PresentedToken {
  readonly refreshToken: RefreshToken;
  readonly session: Session;
  readonly user: User;
}

/** An access token that has not expired yet, or the session of such tokens. */
export interface LiveAccess {
  readonly id: string;
  readonly expiresAt: Date;
}

/** Access tokens for which all of this is true. */
interface LiveFilter {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Of their user. */
  readonly role?: string | undefined;
  readonly audience?: string | undefined;
  /** `to`: `null` until now. */
  readonly issued?: { readonly from: Date; readonly to: Date | null } | undefined;
}

interface Replacement {
  /** By the clock of the database. */
  readonly now: Date;
  /** Answers to tokens that were replaced before this are not kept. */
  readonly windowStart: Date;
  readonly sealedSuccessor: Buffer | null;
}

// Named, as `lockPresentedStatement` is, because each refresh runs both: a connection parses and plans them
// once.
const SPEND: Statement = {
  name: 'refresh_tokens.spend',
  text: `
    WITH outdated AS (
      UPDATE refresh_tokens SET sealed_successor = NULL
      WHERE session_id = $1 AND sealed_successor IS NOT NULL AND replaced_at < $5
    ), used AS (
      UPDATE sessions SET last_used_at = $3 WHERE id = $1
    )
    UPDATE refresh_tokens SET replaced_at = $3, sealed_successor = $4 WHERE hash = $2`,
};

const OWNER_HAS_ROLE = 'owner.id = session.user_id AND :role = ANY(owner.roles)';
const IS_FOR_AUDIENCE = 'coalesce(token.access_token_audience, :defaultAudience) = :audience';

/** The token names a scope that the role has lost, and that no other role of its user gives in its session. */
const IS_LOST = `
  (token.access_token_scopes IS NULL OR EXISTS (
    SELECT FROM unnest(token.access_token_scopes) AS named
    WHERE named = ANY(:scopes) AND NOT EXISTS (
      SELECT FROM roles WHERE roles.name = ANY(owner.roles) AND named = ANY(roles.scopes)
        AND (NOT roles.requires_mfa OR owner.has_second_factor AND 'mfa' = ANY(session.amr)))))`;

/** All SQL of refresh tokens, and of the access tokens that were issued beside them. */
@Injectable()
export class RefreshTokensRepository {
  private readonly refreshTokenColumns: EntityColumns<RefreshToken>;
  private readonly sessionColumns: EntityColumns<Session>;
  private readonly userColumns: EntityColumns<User>;
  private readonly lockPresentedStatement: Statement;

  constructor(dataSource: DataSource) {
    this.refreshTokenColumns = entityColumns(dataSource, RefreshToken, 'token');
    this.sessionColumns = entityColumns(dataSource, Session, 'session');
    this.userColumns = entityColumns(dataSource, User, 'owner');
    // Locked in this order, which is that of all who end sessions: user, session, token.
    this.lockPresentedStatement = {
      name: 'refresh_tokens.lock_presented',
      text: `
        SELECT ${this.refreshTokenColumns.list}, ${this.sessionColumns.list}, ${this.userColumns.list}
        FROM refresh_tokens token
        JOIN sessions session ON session.id = token.session_id
        JOIN users owner ON owner.id = session.user_id
        WHERE token.hash = ${keyWhileIssuing('$1::bytea')}
        FOR SHARE OF owner FOR UPDATE OF session FOR UPDATE OF token`,
    };
  }

  /**
   * The token with this hash. Until the transaction ends nobody else refreshes a token of its
   * session, ends it, or changes its user.
   */
  async lockPresented(manager: EntityManager, hash: Buffer): Promise<PresentedToken | undefined> {
    const [row] = await execute(manager, this.lockPresentedStatement, [hash]);
    if (!row) return undefined;
    return {
      refreshToken: this.refreshTokenColumns.read(row),
      session: this.sessionColumns.read(row),
      user: this.userColumns.read(row),
    };
  }

  async insert(manager: EntityManager, token: RefreshToken): Promise<void> {
    await insertRows(manager, [[RefreshToken, token]]);
  }

  find(manager: EntityManager, hash: Buffer): Promise<RefreshToken | null> {
    return manager.findOneBy(RefreshToken, { hash });
  }

  /**
   * Puts `successor` in the place of a token. Answers that were kept for repeated calls, and whose
   * window is over, are removed.
   */
  async replace(
    manager: EntityManager,
    { hash, sessionId }: RefreshToken,
    successor: RefreshToken,
    { now, windowStart, sealedSuccessor }: Replacement,
  ): Promise<void> {
    // First, as only one token of a session may be usable at any moment.
    await execute(manager, SPEND, [sessionId, hash, now, sealedSuccessor, windowStart]);
    await this.insert(manager, successor);
  }

  /** Of these sessions, those with an access token that expires after `since`, however many. */
  liveSessions(
    manager: EntityManager,
    sessionIds: readonly string[],
    since: Date,
  ): Promise<LiveAccess[]> {
    return manager
      .createQueryBuilder(RefreshToken, 'token')
      .select('token.session_id', 'id')
      .addSelect('max(token.access_token_expires_at)', 'expiresAt')
      .where('token.session_id = ANY(:sessionIds::uuid[])', { sessionIds })
      .andWhere('token.access_token_expires_at > :since', { since })
      .groupBy('token.session_id')
      .getRawMany<LiveAccess>();
  }

  /** The access tokens of a user's open sessions that expire after `since`. */
  liveAccessTokens(manager: EntityManager, userId: string, since: Date): Promise<LiveAccess[]> {
    return accessTokensOf(
      liveLinks(manager, since).andWhere('session.user_id = :userId', { userId }),
    );
  }

  /** How many access tokens of open sessions expire after `since`. */
  async countLive(
    manager: EntityManager,
    { userId, sessionId, role, audience, issued }: LiveFilter,
    { since, defaultAudience }: { readonly since: Date; readonly defaultAudience: string },
  ): Promise<number> {
    const tokens = liveLinks(manager, since);
    if (userId !== undefined) tokens.andWhere('session.user_id = :userId', { userId });
    if (sessionId !== undefined) tokens.andWhere('session.id = :sessionId', { sessionId });
    if (role !== undefined) tokens.innerJoin(User, 'owner', OWNER_HAS_ROLE, { role });
    if (audience !== undefined) {
      tokens.andWhere(IS_FOR_AUDIENCE, { defaultAudience, audience });
    }
    if (issued) {
      tokens.andWhere('token.created_at >= :from', { from: issued.from });
      if (issued.to) tokens.andWhere('token.created_at < :to', { to: issued.to });
    }
    // `getCount` would sort all tokens, to count each only once.
    const row = await tokens.select('count(*)', 'count').getRawOne<{ count: string }>();
    return Number(row?.count);
  }

  /**
   * The access tokens of all users that expire after `since` and say what is taken away from a role or
   * resource. Tokens of users who have all of it from other roles are not among them.
   */
  narrowedTokens(
    manager: EntityManager,
    narrowing: Narrowing,
    { since, defaultAudience }: { readonly since: Date; readonly defaultAudience: string },
  ): Promise<LiveAccess[]> {
    const { scopes, isRemoved } = narrowing;
    const tokens = liveLinks(manager, since);
    // A token from a release that did not keep its scopes may have any.
    const named = '(token.access_token_scopes IS NULL OR token.access_token_scopes && :scopes)';
    if (narrowing.of === 'resource') {
      const { audience } = narrowing;
      tokens.andWhere(IS_FOR_AUDIENCE, { defaultAudience, audience });
      if (!isRemoved) tokens.andWhere(named, { scopes });
      return accessTokensOf(tokens);
    }
    tokens.innerJoin(User, 'owner', OWNER_HAS_ROLE, { role: narrowing.name });
    const isTakenWhole = isRemoved || narrowing.requiresMfa;
    if (!isTakenWhole) tokens.andWhere(named, { scopes }).andWhere(IS_LOST);
    return accessTokensOf(tokens);
  }
}

/** The links of open sessions whose access token expires after `since`. */
function liveLinks(manager: EntityManager, since: Date): SelectQueryBuilder<RefreshToken> {
  return manager
    .createQueryBuilder(RefreshToken, 'token')
    .innerJoin(Session, 'session', 'session.id = token.session_id AND session.ended_at IS NULL')
    .where('token.access_token_expires_at > :since', { since });
}

function accessTokensOf(links: SelectQueryBuilder<RefreshToken>): Promise<LiveAccess[]> {
  return links
    .select('token.access_token_id', 'id')
    .addSelect('token.access_token_expires_at', 'expiresAt')
    .getRawMany<LiveAccess>();
}
