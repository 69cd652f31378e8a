import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { Client } from './client.entity.js';

/** A verifier refuses a token that lives longer, whatever this issuer's settings once were. */
const LONGEST_TOKEN_SECONDS = 24 * 60 * 60;

/**
 * Ends the tokens that a client has. The caller's transaction has to hold it locked: whoever issues
 * a token to it is done, or waits until the client is what it will be.
 */
@Injectable()
export class ClientRevoking {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Those that it has so far: from now on it may get new ones, which are remembered to be later. */
  async untilNow(manager: EntityManager, client: Client): Promise<Client> {
    const revokedAt = this.clock.now();
    await manager.update(Client, { id: client.id }, { revokedAt });
    await this.publish(manager, client.id, Math.floor(revokedAt.getTime() / 1000));
    return { ...client, revokedAt };
  }

  /**
   * All there can be: also one from another process whose clock is ahead, as far as a verifier lets
   * it be.
   */
  async forGood(manager: EntityManager, id: string): Promise<void> {
    const toleranceSeconds = Math.ceil(this.config.clockToleranceMs / 1000);
    await this.publish(manager, id, this.clock.seconds() + toleranceSeconds);
  }

  private async publish(manager: EntityManager, id: string, before: number): Promise<void> {
    const exp = before + LONGEST_TOKEN_SECONDS;
    await this.revocations.revoke(manager, [{ kind: 'client', id, before, exp }]);
  }
}
