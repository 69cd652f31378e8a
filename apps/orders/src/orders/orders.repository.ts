import { readLatestFirst, type ExpiredRows, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { IdempotencyKey } from './idempotency-key.entity.js';
import { Order } from './order.entity.js';

/** Which of a customer's orders are listed. */
export interface OrderFilter {
  readonly customerId: string;
  readonly status?: Order['status'] | undefined;
}

/** The database sets `createdAt`. */
export type UnstoredOrder = Omit<Order, 'createdAt'>;

/** Removed a day after they were used: nobody repeats a request for longer. */
export const EXPIRED_KEYS: ExpiredRows = {
  entity: IdempotencyKey,
  condition: `expired.createdAt < now() - interval '24 hours'`,
  age: 'createdAt',
};

/** All SQL of orders and their idempotency keys. */
@Injectable()
export class OrdersRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The latest first.
   *
   * @throws PageCursorError
   */
  list({ customerId, status }: OrderFilter, page: PageQuery): Promise<Page<Order>> {
    const orders = this.dataSource
      .createQueryBuilder(Order, 'o')
      .where({ customerId, ...(status && { status }) });
    return readLatestFirst(orders, `orders ${JSON.stringify([customerId, status])}`, page);
  }

  find(
    customerId: string,
    id: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Order | null> {
    return manager.findOneBy(Order, { id, customerId });
  }

  async insert(
    unstored: UnstoredOrder,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Order> {
    const order = manager.create(Order, unstored);
    // Not `save`, which would look for an order with this new id first.
    await manager.insert(Order, order);
    return order;
  }

  /** @returns whether the order was open */
  async cancel(customerId: string, id: string): Promise<boolean> {
    const open = { id, customerId, status: 'open' } as const;
    const { affected } = await this.dataSource.manager.update(Order, open, { status: 'cancelled' });
    return affected === 1;
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /**
   * Stores a key, unless the customer has it already. Waits for a transaction that stores the same one.
   *
   * @returns what is stored then: this order, or an earlier one
   */
  async claimKey(
    manager: EntityManager,
    claim: Omit<IdempotencyKey, 'createdAt'>,
  ): Promise<Pick<IdempotencyKey, 'orderId' | 'bodyDigest'>> {
    const insert = manager.createQueryBuilder().insert().into(IdempotencyKey).values(claim);
    // `DO NOTHING` would return no row of an earlier one; this changes nothing, and returns it.
    const { raw } = (await insert
      .orUpdate(['key'], ['customer_id', 'key'])
      .returning(['orderId', 'bodyDigest'])
      .execute()) as { raw: [{ order_id: string; body_digest: Buffer }] };
    const [{ order_id: orderId, body_digest: bodyDigest }] = raw;
    return { orderId, bodyDigest };
  }
}
