import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { isSecretOf } from '../crypto/secret.js';
import type { Client } from './client.entity.js';
import { ClientsRepository } from './clients.repository.js';

/** Knows clients by their secrets. */
@Injectable()
export class ClientAuthenticationService {
  constructor(private readonly clients: ClientsRepository) {}

  /** The enabled client whose secret this is. */
  async authenticate(clientId: string, secret: string): Promise<Client | undefined> {
    const id = toUuid(clientId);
    if (id === undefined) return undefined;
    // One after the other, as each would take a connection of the pool.
    const client = await this.clients.findEnabled(id);
    const isRight = isSecretOf(secret, await this.clients.secretHashes(id));
    return client && isRight ? client : undefined;
  }

  /**
   * Does, in the caller's transaction, what must not be done for a disabled client: disabling it waits
   * for the end of the transaction, or the work does not begin.
   */
  async whileEnabled<T>(
    manager: EntityManager,
    id: string,
    work: (client: Client) => T | Promise<T>,
  ): Promise<T | undefined> {
    const client = await this.clients.holdEnabled(manager, id);
    return client ? work(client) : undefined;
  }
}
