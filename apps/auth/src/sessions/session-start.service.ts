import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { TokenRequest } from '../tokens/token-request.schema.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import type { User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { SessionEndService } from './session-end.service.js';
import { BY_PASSWORD, unsavedSession, type AuthenticationMethod } from './session.entity.js';
import { credentialsChanged } from './sessions.errors.js';
import { SessionsRepository } from './sessions.repository.js';
import type { SessionTokens } from './sessions.schema.js';
import { TokenPairs } from './token-pairs.js';

@Injectable()
export class SessionStartService {
  constructor(
    private readonly issuer: TokenIssuer,
    private readonly users: UsersRepository,
    private readonly sessions: SessionsRepository,
    private readonly tokenPairs: TokenPairs,
    private readonly sessionEnd: SessionEndService,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Starts a session for a user who has just proved who they are by the password.
   *
   * @param checked the user as it was when the password was checked, and was not disabled. It may have
   *   changed since
   * @throws SessionsError `credentials_changed`; AccessModelError `invalid_target`
   */
  start(checked: User, request: TokenRequest, origin: Origin): Promise<SessionTokens> {
    return this.issuer.transaction(async (manager) => {
      const user = await this.users.lockUnchanged(manager, checked);
      if (!user) throw credentialsChanged();
      return this.startIn(manager, user, request, origin, BY_PASSWORD);
    });
  }

  /**
   * The same in the caller's transaction, with what the user has proved.
   *
   * @param user locked: a change waits for the session to be there, and then ends it. So do other logins
   *   of the same user, which keeps the number of sessions within its bound
   */
  async startIn(
    manager: EntityManager,
    user: User,
    request: TokenRequest,
    origin: Origin,
    amr: readonly AuthenticationMethod[],
  ): Promise<SessionTokens> {
    const now = await this.clock.database(manager);
    const login = {
      userId: user.id,
      requestedScope: request.scope ?? null,
      audience: request.resource ?? null,
      address: origin.address,
      userAgent: origin.userAgent,
      amr,
    };
    const session = unsavedSession(login, now, this.config.sessionTtlMs);
    const { response, record } = await this.tokenPairs.mint(manager, {
      user,
      session,
      // Its scope and audience are those of the session.
      request: { token_format: request.token_format },
      predecessor: null,
      now,
    });
    const event = this.audit.row({
      action: 'session.started',
      actor: user.id,
      subject: session.id,
      origin,
    });
    await this.sessions.insert(manager, session, record, event);
    await this.sessionEnd.endOldestSessions(manager, user.id, { origin, now });
    return response;
  }
}
