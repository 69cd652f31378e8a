import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { UserChanges, type UserChange } from '../users/user-changes.js';
import { SessionEndService } from './session-end.service.js';

/** Ends sessions or access tokens when their user changes, in the transaction of the change. */
@Injectable()
export class SessionUserChanges implements OnModuleInit {
  constructor(
    private readonly changes: UserChanges,
    private readonly sessionEnd: SessionEndService,
  ) {}

  onModuleInit(): void {
    this.changes.listen((manager, change) => this.follow(manager, change));
  }

  private async follow(manager: EntityManager, change: UserChange): Promise<void> {
    const { changed, userId, actor, origin, sessionId } = change;
    if (changed === 'access') {
      // The sessions go on: their next refresh carries the new roles and claims.
      await this.sessionEnd.revokeAccessTokens(manager, userId);
      return;
    }
    const reason = changed === 'password' ? 'password_changed' : 'disabled';
    await this.sessionEnd.endAllSessions(manager, {
      userId,
      reason,
      actor,
      origin,
      ...(sessionId !== undefined && { except: sessionId }),
    });
  }
}
