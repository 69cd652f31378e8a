import type { Revocation } from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { OwnRevocations } from './own-revocations.js';

/** Publishes revocations. */
@Injectable()
export class RevocationsService {
  constructor(private readonly own: OwnRevocations) {}

  /**
   * Writes in the caller's transaction: at its commit the revocations are in the feed, and if it
   * fails they never were.
   */
  async revoke(manager: EntityManager, revocations: readonly Revocation[]): Promise<void> {
    await recordRevocations(manager, revocations);
    this.own.expect(manager, revocations);
  }
}
