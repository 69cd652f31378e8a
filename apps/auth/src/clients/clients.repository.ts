import { Injectable } from '@nestjs/common';
import { ArrayContains, DataSource, In, IsNull, type EntityManager } from 'typeorm';

import type { Narrowing } from '../access/access-changes.js';
import { Client, ClientSecret } from './client.entity.js';
import { ClientsError } from './clients.errors.js';

const EXISTS = { deletedAt: IsNull() };
const ENABLED = { ...EXISTS, isDisabled: false };

/** The clients that can have tokens for a resource, with a scope that it has lost. */
const CONCERNED = `
  deleted_at IS NULL AND (audiences @> ARRAY[$1] OR audiences = '{}' AND $1 = $4)
  AND ($3 OR scopes && $2::text[])`;

/**
 * Removes a scope, unless another audience of the client has one of that name. A removed resource is no
 * audience any more, or a new one of that name would be: but the last one stays, without scopes, as a
 * client without any has the default audience.
 */
const NARROW = `
  UPDATE clients SET scopes = ARRAY(
    SELECT scope FROM unnest(clients.scopes) WITH ORDINALITY AS had (scope, place)
    WHERE scope <> ALL ($2::text[]) OR EXISTS (
      SELECT FROM resources
      WHERE audience = ANY (CASE WHEN audiences = '{}' THEN ARRAY[$4] ELSE audiences END)
        AND resources.scopes @> jsonb_build_array(jsonb_build_object('name', scope)))
    ORDER BY place),
    audiences = CASE WHEN $3 AND cardinality(audiences) > 1
      THEN array_remove(audiences, $1) ELSE audiences END
  WHERE ${CONCERNED} RETURNING id`;

/** A client, and what may be known of its secrets. */
export interface ListedClient {
  readonly client: Client;
  readonly secrets: readonly Pick<ClientSecret, 'id' | 'createdAt'>[];
}

/** All SQL of clients and their secrets. */
@Injectable()
export class ClientsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Those that were not deleted, the oldest first. */
  async list(): Promise<ListedClient[]> {
    const { manager } = this.dataSource;
    const clients = await manager.find(Client, {
      where: EXISTS,
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

  findEnabled(id: string): Promise<Client | null> {
    return this.dataSource.manager.findOneBy(Client, { id, ...ENABLED });
  }

  /** Until the transaction ends, nobody disables, changes or deletes it. */
  holdEnabled(manager: EntityManager, id: string): Promise<Client | null> {
    const where = { id, ...ENABLED };
    return manager.findOne(Client, { where, lock: { mode: 'pessimistic_read' } });
  }

  /** Until the transaction ends, nobody else changes the client, and nobody issues a token to it. */
  findAndLock(manager: EntityManager, id: string): Promise<Client | null> {
    const where = { id, ...EXISTS };
    return manager.findOne(Client, { where, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * The same of a client that has to be there.
   *
   * @throws ClientsError `client_not_found`
   */
  async lock(manager: EntityManager, id: string): Promise<Client> {
    const client = await this.findAndLock(manager, id);
    if (!client) throw new ClientsError('client_not_found', `No client ${id}`);
    return client;
  }

  canAnyIntrospect(): Promise<boolean> {
    const where = { ...ENABLED, grants: ArrayContains(['introspect']) };
    return this.dataSource.manager.existsBy(Client, where);
  }

  async insert(manager: EntityManager, client: Client): Promise<void> {
    await manager.insert(Client, client);
  }

  /** Unless there is one with its id. A process that inserts it at the same moment is waited for. */
  async insertOnce(manager: EntityManager, client: Client): Promise<void> {
    await manager.createQueryBuilder().insert().into(Client).values(client).orIgnore().execute();
  }

  async update(manager: EntityManager, client: Client): Promise<void> {
    await manager.update(Client, { id: client.id }, client);
  }

  /** It stays, without its secrets. */
  async markDeleted(manager: EntityManager, id: string, deletedAt: Date): Promise<void> {
    await manager.update(Client, { id }, { deletedAt });
    await this.deleteSecrets(manager, id);
  }

  /**
   * Takes from clients the scopes that a resource has lost. It waits for the tokens that are being
   * issued to them.
   *
   * @param defaultAudience that of clients which name none
   * @returns the clients that can have tokens with what is taken away
   */
  async narrow(
    manager: EntityManager,
    { audience, scopes, isRemoved }: Extract<Narrowing, { of: 'resource' }>,
    defaultAudience: string,
  ): Promise<string[]> {
    const values = [audience, scopes, isRemoved, defaultAudience];
    const [concerned] = await manager.query<[{ id: string }[], number]>(NARROW, values);
    return concerned.map(({ id }) => id);
  }

  /** Also those of a client that is disabled. */
  async secretHashes(clientId: string, manager?: EntityManager): Promise<Buffer[]> {
    const secrets = await (manager ?? this.dataSource.manager).findBy(ClientSecret, { clientId });
    return secrets.map(({ hash }) => hash);
  }

  countSecrets(manager: EntityManager, clientId: string): Promise<number> {
    return manager.countBy(ClientSecret, { clientId });
  }

  async insertSecret(manager: EntityManager, secret: ClientSecret): Promise<void> {
    await manager.insert(ClientSecret, secret);
  }

  /** @returns whether the client had it */
  async deleteSecret(manager: EntityManager, clientId: string, id: string): Promise<boolean> {
    const { affected } = await manager.delete(ClientSecret, { id, clientId });
    return affected === 1;
  }

  async deleteSecrets(manager: EntityManager, clientId: string): Promise<void> {
    await manager.delete(ClientSecret, { clientId });
  }
}
