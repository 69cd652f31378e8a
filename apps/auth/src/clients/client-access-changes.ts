import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AccessChanges, type Narrowing } from '../access/access-changes.js';
import { Config } from '../config.js';
import { ClientsRepository } from './clients.repository.js';
import { ClientsService } from './clients.service.js';

/**
 * Ends the tokens of clients that may name a scope which is taken away from a resource, and takes it
 * from the clients. Their tokens are not recorded, so that all of a client's end: it asks for another.
 */
@Injectable()
export class ClientAccessChanges implements OnModuleInit {
  constructor(
    private readonly changes: AccessChanges,
    private readonly repository: ClientsRepository,
    private readonly clients: ClientsService,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.changes.listen({ revoke: (manager, narrowing) => this.narrow(manager, narrowing) });
  }

  private async narrow(manager: EntityManager, narrowing: Narrowing): Promise<number> {
    if (narrowing.of !== 'resource') return 0;
    const ids = await this.repository.narrow(manager, narrowing, this.config.audience);
    await this.clients.revokeTokens(manager, ids);
    return ids.length;
  }
}
