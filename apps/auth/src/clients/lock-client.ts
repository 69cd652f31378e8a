import { IsNull, type EntityManager } from 'typeorm';

import { Client } from './client.entity.js';
import { ClientsError } from './clients.errors.js';

/**
 * The client as it is, if there is one. Until the transaction ends, nobody else changes it, and
 * nobody issues a token to it.
 */
export function findAndLockClient(manager: EntityManager, id: string): Promise<Client | null> {
  const where = { id, deletedAt: IsNull() };
  return manager.findOne(Client, { where, lock: { mode: 'pessimistic_write' } });
}

/**
 * The same of a client that has to be there.
 *
 * @throws ClientsError `client_not_found`
 */
export async function lockClient(manager: EntityManager, id: string): Promise<Client> {
  const client = await findAndLockClient(manager, id);
  if (!client) throw new ClientsError('client_not_found', `No client ${id}`);
  return client;
}
