import { MAX_TOKEN_LIFETIME_MS } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { RevocationsService } from '../revocations/revocations.service.js';

@Injectable()
export class ClientRevoking {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes every token that was issued to a client before the caller's transaction commits, and
   * none that is issued after: tokens carry the number of their client's newest revocation.
   */
  async revokeTokens(manager: EntityManager, id: string): Promise<void> {
    const before = this.clock.seconds();
    const exp = before + MAX_TOKEN_LIFETIME_MS / 1000;
    await this.revocations.revoke(manager, [{ kind: 'client', id, before, exp }]);
  }
}
