import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { beginAdministration } from '../access/access-locks.js';
import { AuditService } from '../audit/audit.service.js';
import type { DoneBy } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import type { ClientSecret } from './client.entity.js';
import { ClientsError } from './clients.errors.js';
import { ClientsRepository } from './clients.repository.js';

/** A secret in plain text: shown once, to the administrator who made it. */
type NewSecret = Pick<ClientSecret, 'id' | 'createdAt'> & { readonly secret: string };

/** The old one and the new one while a service is rolled over. */
const MAX_SECRETS = 2;

/** The secrets of clients. */
@Injectable()
export class ClientSecretsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clients: ClientsRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws ClientsError `client_not_found`, `too_many_secrets` */
  async add(id: string, by: DoneBy): Promise<NewSecret> {
    return this.dataSource.transaction(async (manager) => {
      await beginAdministration(manager, by);
      await this.clients.lock(manager, id);
      if ((await this.clients.countSecrets(manager, id)) >= MAX_SECRETS) {
        throw new ClientsError('too_many_secrets', `Client ${id} has ${MAX_SECRETS} secrets`);
      }
      const added = await this.insert(manager, id);
      const detail = { secretId: added.id };
      await this.audit.record(manager, {
        ...by,
        action: 'client.secret_added',
        subject: id,
        detail,
      });
      return added;
    });
  }

  /** @throws ClientsError `secret_not_found` */
  async remove(id: string, secretId: string, by: DoneBy): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await demandStillValid(manager, by.caller);
      if (!(await this.clients.deleteSecret(manager, id, secretId))) {
        throw new ClientsError('secret_not_found', `No secret ${secretId} of ${id}`);
      }
      await this.audit.record(manager, {
        ...by,
        action: 'client.secret_removed',
        subject: id,
        detail: { secretId },
      });
    });
  }

  /** In the caller's transaction, which has to hold the client locked, or to have made it. */
  async insert(manager: EntityManager, clientId: string, secret = newSecret()): Promise<NewSecret> {
    const row = { id: randomUUID(), clientId, createdAt: this.clock.now() };
    await this.clients.insertSecret(manager, { ...row, hash: hashSecret(secret) });
    return { id: row.id, createdAt: row.createdAt, secret };
  }
}
