import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { FactorChanges, type FactorChange } from '../factors/factor-changes.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { UserChanges, type UserChange } from '../users/user-changes.js';
import { SessionEndService } from './session-end.service.js';
import type { EndReason } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

const REASONS = {
  password: 'password_changed',
  disabled: 'disabled',
  deleted: 'user_deleted',
} as const satisfies Record<string, EndReason>;

/**
 * Ends sessions or access tokens when their user or the user's factors change, in the transaction of the
 * change.
 */
@Injectable()
export class SessionUserChanges implements OnModuleInit {
  constructor(
    private readonly userChanges: UserChanges,
    private readonly factorChanges: FactorChanges,
    private readonly sessions: SessionsRepository,
    private readonly sessionEnd: SessionEndService,
    private readonly references: ReferenceTokens,
  ) {}

  onModuleInit(): void {
    this.userChanges.listen((manager, change) => this.followUser(manager, change));
    this.factorChanges.listen((manager, change) => this.followFactors(manager, change));
  }

  private async followUser(manager: EntityManager, change: UserChange): Promise<void> {
    const { changed, userId, sessionId, ...by } = change;
    // Nobody has logged in to an account of which a registration replaces the password.
    if (changed === 'registration') return;
    if (changed === 'access') {
      // The sessions go on: their next refresh carries the new roles and claims.
      await this.sessionEnd.revokeAccessTokens(manager, userId);
      return;
    }
    const end = { ...by, userId, reason: REASONS[changed], except: sessionId };
    await this.sessionEnd.endAllSessions(manager, end);
    if (changed === 'deleted') await this.references.removeAllOf(manager, userId);
  }

  private async followFactors(manager: EntityManager, change: FactorChange): Promise<void> {
    if (change.changed === 'added') {
      // The user has proved it: the tokens of the next refresh say so.
      await this.sessions.addMethods(manager, change.sessionId, change.methods);
      return;
    }
    // None is left, so no session has proved one.
    await this.sessions.resetMethods(manager, change.userId);
    await this.sessionEnd.revokeAccessTokens(manager, change.userId);
  }
}
