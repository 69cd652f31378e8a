import { Injectable, type OnModuleInit } from '@nestjs/common';

import { FactorChanges } from '../factors/factor-changes.js';
import { SessionsRepository } from './sessions.repository.js';

/** Who adds a factor has proved it: the tokens of the next refresh say so. */
@Injectable()
export class SessionFactorChanges implements OnModuleInit {
  constructor(
    private readonly changes: FactorChanges,
    private readonly sessions: SessionsRepository,
  ) {}

  onModuleInit(): void {
    this.changes.listen((manager, { sessionId, methods }) =>
      this.sessions.addMethods(manager, sessionId, methods),
    );
  }
}
