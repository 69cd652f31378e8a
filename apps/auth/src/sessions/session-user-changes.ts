import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { UserChanges, type UserChange } from '../users/user-changes.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { SessionEndService } from './session-end.service.js';
import type { SessionEnd } from './session.entity.js';

const REASONS = {
  password: 'password_changed',
  disabled: 'disabled',
  deleted: 'user_deleted',
} as const satisfies Record<string, SessionEnd>;

/** Ends sessions or access tokens when their user changes, in the transaction of the change. */
@Injectable()
export class SessionUserChanges implements OnModuleInit {
  constructor(
    private readonly changes: UserChanges,
    private readonly sessionEnd: SessionEndService,
    private readonly references: ReferenceTokens,
  ) {}

  onModuleInit(): void {
    this.changes.listen((manager, change) => this.follow(manager, change));
  }

  private async follow(manager: EntityManager, change: UserChange): Promise<void> {
    const { changed, userId, sessionId, ...by } = change;
    if (changed === 'access') {
      // The sessions go on: their next refresh carries the new roles and claims.
      await this.sessionEnd.revokeAccessTokens(manager, userId);
      return;
    }
    const end = { ...by, userId, reason: REASONS[changed], except: sessionId };
    await this.sessionEnd.endAllSessions(manager, end);
    if (changed === 'deleted') await this.references.removeAllOf(manager, userId);
  }
}
