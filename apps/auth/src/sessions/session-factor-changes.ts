import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { FactorChanges, type FactorChange } from '../factors/factor-changes.js';
import { SessionEndService } from './session-end.service.js';
import { SessionsRepository } from './sessions.repository.js';

/**
 * Who adds a factor has proved it: the tokens of the next refresh say so. When none is left, no session
 * has proved one.
 */
@Injectable()
export class SessionFactorChanges implements OnModuleInit {
  constructor(
    private readonly changes: FactorChanges,
    private readonly sessions: SessionsRepository,
    private readonly sessionEnd: SessionEndService,
  ) {}

  onModuleInit(): void {
    this.changes.listen((manager, change) => this.follow(manager, change));
  }

  private async follow(manager: EntityManager, change: FactorChange): Promise<void> {
    if (change.changed === 'added') {
      await this.sessions.addMethods(manager, change.sessionId, change.methods);
      return;
    }
    await this.sessions.resetMethods(manager, change.userId);
    await this.sessionEnd.revokeAccessTokens(manager, change.userId);
  }
}
