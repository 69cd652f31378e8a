import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { TokenFormat } from '../tokens/token-format.js';
import { KNOWN_USER, type KnownUser } from '../users/known-user.js';
import { insertSession } from './insert-session.js';
import type { Session } from './session.entity.js';
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

@Injectable()
export class SessionStarting {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokenPairs: TokenPairs,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a session for someone who has just proved who they are.
   *
   * @param user as it was when the password was checked, and was not disabled.
   * @throws SessionsError `credentials_changed`
   */
  async start(user: KnownUser, request: SessionRequest, origin: Origin): Promise<TokenResponse> {
    // Nearly nobody changes between the check of the password and this statement, which is a
    // transaction of its own.
    const response = await this.begin(this.dataSource.manager, user, request, origin);
    return response ?? this.startLocked(user, request, origin);
  }

  private startLocked(
    user: KnownUser,
    request: SessionRequest,
    origin: Origin,
  ): Promise<TokenResponse> {
    return this.dataSource.transaction(async (manager) => {
      const current = await stillWelcome(manager, user);
      const response = await this.begin(manager, current, request, origin);
      if (!response) throw new Error('A locked person has changed');
      return response;
    });
  }

  /** Returns nothing when the person is not any more what they were, and nothing was written. */
  private async begin(
    manager: EntityManager,
    user: KnownUser,
    { scope, format = 'jwt' }: SessionRequest,
    origin: Origin,
  ): Promise<TokenResponse | undefined> {
    const session = this.draft(user.id, scope ?? null, origin);
    const pair = await this.tokenPairs.mint(manager, {
      userId: user.id,
      roles: user.roles,
      claims: user.claims,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
      requestedScope: session.requestedScope,
      format,
      predecessor: null,
    });
    const event = this.audit.event({
      action: 'session.started',
      actor: user.id,
      subject: session.id,
      origin,
    });
    const isDone = await insertSession(manager, user, session, pair, event);
    return isDone ? pair.response : undefined;
  }

  private draft(userId: string, requestedScope: string | null, origin: Origin): Session {
    const now = this.clock.now();
    return {
      id: randomUUID(),
      userId,
      requestedScope,
      address: origin.address,
      userAgent: origin.userAgent,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: new Date(now.getTime() + this.config.sessionTtlMs),
      endedAt: null,
      endReason: null,
    };
  }
}

/**
 * Between the check of a password and this transaction, the password may have changed or the person
 * been disabled. Locked, so that whoever does either waits.
 */
async function stillWelcome(manager: EntityManager, checked: KnownUser): Promise<KnownUser> {
  const [user] = await manager.query<KnownUser[]>(
    `SELECT${KNOWN_USER} FROM users AS person WHERE id = $1 FOR SHARE`,
    [checked.id],
  );
  const isSamePassword = +checked.passwordChangedAt === +(user?.passwordChangedAt ?? NaN);
  if (user && !user.isDisabled && isSamePassword) return user;
  throw new SessionsError('credentials_changed', 'The password or the person changed meanwhile');
}
