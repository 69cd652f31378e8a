import { toUuid } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type EntityManager } from 'typeorm';

import { ClientSecret } from './client-secret.entity.js';
import { Client } from './client.entity.js';
import { isSecretOf } from '../secret.js';

const ENABLED = { isDisabled: false, deletedAt: IsNull() };

/** Knows clients by their secrets. */
@Injectable()
export class ClientAuthenticationService {
  constructor(private readonly dataSource: DataSource) {}

  /** The enabled client whose secret this is. */
  async authenticate(clientId: string, secret: string): Promise<Client | undefined> {
    const id = toUuid(clientId);
    if (id === undefined) return undefined;
    const { manager } = this.dataSource;
    const [client, secrets] = await Promise.all([
      manager.findOneBy(Client, { id, ...ENABLED }),
      manager.findBy(ClientSecret, { clientId: id }),
    ]);
    const isRight = isSecretOf(
      secret,
      secrets.map(({ hash }) => hash),
    );
    return client && isRight ? client : undefined;
  }

  /**
   * Does, in a transaction, what must not be done for a disabled client: disabling it waits for the
   * end of the work, or the work does not begin.
   */
  async whileEnabled<T>(
    id: string,
    work: (client: Client, manager: EntityManager) => T | Promise<T>,
  ): Promise<T | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const client = await manager.findOne(Client, {
        where: { id, ...ENABLED },
        lock: { mode: 'pessimistic_read' },
      });
      return client ? work(client, manager) : undefined;
    });
  }
}
