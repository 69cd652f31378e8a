import { Injectable, type OnModuleInit } from '@nestjs/common';

import { AccessChanges } from '../access/access-changes.js';
import { SessionEndService } from './session-end.service.js';

/**
 * Ends the access tokens of users that say what is taken away from a role or resource. The sessions go
 * on: their next refresh gives a token without it.
 */
@Injectable()
export class SessionAccessChanges implements OnModuleInit {
  constructor(
    private readonly changes: AccessChanges,
    private readonly sessionEnd: SessionEndService,
  ) {}

  onModuleInit(): void {
    this.changes.listen({
      revoke: (manager, narrowing) => this.sessionEnd.revokeNarrowed(manager, narrowing),
    });
  }
}
