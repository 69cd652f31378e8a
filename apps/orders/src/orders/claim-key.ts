import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';

import { IdempotencyKey } from './idempotency-key.entity.js';
import { OrderError } from './order-error.js';
import { Order } from './order.entity.js';
import type { NewOrder } from './order.schema.js';

/** Which order a key shall stand for, if it is new. */
export interface KeyClaim {
  readonly customerId: string;
  readonly key: string;
  readonly orderId: string;
}

/** A key can vanish between two statements at most once: when it is removed for its age. */
const ATTEMPTS = 2;

/**
 * Claims an idempotency key in the caller's transaction. A simultaneous claim of the same key waits
 * for that transaction to end.
 *
 * @returns the order that the key stands for already, or `undefined`: it is claimed now
 * @throws OrderError `key_used_for_another_order`
 */
export async function claimKey(
  manager: EntityManager,
  claim: KeyClaim,
  wish: NewOrder,
): Promise<Order | undefined> {
  const { customerId, key } = claim;
  const bodyDigest = digestOf(wish);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await insertKey(manager, { ...claim, bodyDigest })) return undefined;
    const known = await manager.findOneBy(IdempotencyKey, { customerId, key });
    if (!known) continue;
    if (!known.bodyDigest.equals(bodyDigest)) {
      throw new OrderError('key_used_for_another_order', 'The key stands for another content');
    }
    return manager.findOneByOrFail(Order, { id: known.orderId });
  }
  throw new Error('An idempotency key was neither free nor taken');
}

async function insertKey(
  manager: EntityManager,
  key: Omit<IdempotencyKey, 'createdAt'>,
): Promise<boolean> {
  const result = await manager
    .createQueryBuilder()
    .insert()
    .into(IdempotencyKey)
    .values(key)
    .orIgnore()
    .returning('order_id')
    .execute();
  return (result.raw as unknown[]).length === 1;
}

/** Of what was asked for, not of how it was written: members may come in any order. */
function digestOf({ currency, items }: NewOrder): Buffer {
  const content = [currency, ...items.map((item) => [item.sku, item.quantity, item.unitPrice])];
  return createHash('sha256').update(JSON.stringify(content)).digest();
}
