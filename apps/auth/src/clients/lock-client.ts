import { IsNull, type EntityManager } from 'typeorm';

import { Client } from './client.entity.js';
import { ClientsError } from './clients-error.js';

/**
 * The client as it is. Until the transaction ends, nobody else changes it, and nobody issues a token
 * to it.
 *
 * @throws ClientsError `client_not_found`
 */
export async function lockClient(manager: EntityManager, id: string): Promise<Client> {
  const where = { id, deletedAt: IsNull() };
  const client = await manager.findOne(Client, { where, lock: { mode: 'pessimistic_write' } });
  if (!client) throw new ClientsError('client_not_found', `No client ${id}`);
  return client;
}
