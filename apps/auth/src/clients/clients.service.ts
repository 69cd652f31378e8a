import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, type EntityManager } from 'typeorm';

import { AuditService, type AuditEntry } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { ClientSecret } from './client-secret.entity.js';
import { Client } from './client.entity.js';
import { ClientsError } from './clients-error.js';
import { hashSecret, newSecret } from './secret.js';

/** On whose behalf clients change. */
export type ClientChange = Pick<AuditEntry, 'actor' | 'origin'>;

/** A secret in plain text: seen once, by whoever made it. */
export type NewSecret = Pick<ClientSecret, 'id' | 'createdAt'> & { readonly secret: string };

/** The old one and the new one while a service is rolled over. */
const MAX_SECRETS = 2;
/** A verifier refuses a token that lives longer, whatever this issuer's settings once were. */
const LONGEST_TOKEN_SECONDS = 24 * 60 * 60;

/** The registry of clients. */
@Injectable()
export class ClientsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Those that are alive, the oldest first, with what may be known of their secrets. */
  async list(): Promise<{ client: Client; secrets: Pick<ClientSecret, 'id' | 'createdAt'>[] }[]> {
    const { manager } = this.dataSource;
    const clients = await manager.find(Client, {
      where: { disabledAt: IsNull() },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
    const secrets = await manager.find(ClientSecret, {
      select: { id: true, clientId: true, createdAt: true },
      where: { clientId: In(clients.map(({ id }) => id)) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
    return clients.map((client) => ({
      client,
      secrets: secrets.filter(({ clientId }) => clientId === client.id),
    }));
  }

  async create(
    { name, grants, scopes }: Pick<Client, 'name' | 'grants' | 'scopes'>,
    change: ClientChange,
  ): Promise<{ client: Client; secret: string }> {
    const client: Client = {
      id: randomUUID(),
      name,
      grants: [...new Set(grants)],
      scopes: [...new Set(scopes)],
      createdAt: this.clock.now(),
      disabledAt: null,
    };
    return this.dataSource.transaction(async (manager) => {
      await manager.insert(Client, client);
      const { secret } = await this.insertSecret(manager, client.id);
      const detail = { grants: client.grants, scopes: client.scopes };
      await this.audit.record(manager, {
        ...change,
        action: 'client.created',
        subject: client.id,
        detail,
      });
      return { client, secret };
    });
  }

  /**
   * The end of a client: it gets no more tokens, and those that it has are dead everywhere.
   *
   * @throws ClientsError `client_not_found`
   */
  async disable(id: string, change: ClientChange): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockClient(manager, id);
      await manager.update(Client, { id }, { disabledAt: this.clock.now() });
      await manager.delete(ClientSecret, { clientId: id });
      // Read only now: whoever issued a token to it until here held the lock. And for another
      // process whose clock is ahead, as far as a verifier lets it be.
      const before = this.clock.seconds() + Math.ceil(this.config.clockToleranceMs / 1000);
      const exp = before + LONGEST_TOKEN_SECONDS;
      await this.revocations.revoke(manager, [{ kind: 'client', id, before, exp }]);
      await this.audit.record(manager, { ...change, action: 'client.disabled', subject: id });
    });
  }

  /** @throws ClientsError `client_not_found`, `too_many_secrets` */
  async addSecret(id: string, change: ClientChange): Promise<NewSecret> {
    return this.dataSource.transaction(async (manager) => {
      await lockClient(manager, id);
      if ((await manager.countBy(ClientSecret, { clientId: id })) >= MAX_SECRETS) {
        throw new ClientsError('too_many_secrets', `Client ${id} has ${MAX_SECRETS} secrets`);
      }
      const added = await this.insertSecret(manager, id);
      const detail = { secretId: added.id };
      await this.audit.record(manager, {
        ...change,
        action: 'client.secret_added',
        subject: id,
        detail,
      });
      return added;
    });
  }

  /** @throws ClientsError `secret_not_found` */
  async removeSecret(id: string, secretId: string, change: ClientChange): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.delete(ClientSecret, { id: secretId, clientId: id });
      if (!affected) throw new ClientsError('secret_not_found', `No secret ${secretId} of ${id}`);
      await this.audit.record(manager, {
        ...change,
        action: 'client.secret_removed',
        subject: id,
        detail: { secretId },
      });
    });
  }

  private async insertSecret(manager: EntityManager, clientId: string): Promise<NewSecret> {
    const secret = newSecret();
    const row = { id: randomUUID(), clientId, createdAt: this.clock.now() };
    await manager.insert(ClientSecret, { ...row, hash: hashSecret(secret) });
    return { id: row.id, createdAt: row.createdAt, secret };
  }
}

/** Until the transaction ends, nobody else changes it, and nobody issues a token to it. */
async function lockClient(manager: EntityManager, id: string): Promise<void> {
  const where = { id, disabledAt: IsNull() };
  const client = await manager.findOne(Client, { where, lock: { mode: 'pessimistic_write' } });
  if (!client) throw new ClientsError('client_not_found', `No client ${id}`);
}
