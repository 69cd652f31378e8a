import type { Revocation } from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Publishes revocations. */
@Injectable()
export class RevocationsService {
  /**
   * Writes in the caller's transaction: at its commit the revocations are in the feed, and if it
   * fails they never were.
   */
  async revoke(manager: EntityManager, revocations: readonly Revocation[]): Promise<void> {
    if (revocations.length > 0) await recordRevocations(manager, revocations);
  }
}
