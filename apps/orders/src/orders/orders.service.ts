import { readLatestFirst, toUuid, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';

import { claimKey } from './claim-key.js';
import { OrderError } from './order-error.js';
import { orderTotal } from './order-total.js';
import { Order } from './order.entity.js';
import type { NewOrder } from './order.schema.js';

/** Which of a customer's orders are listed. */
export interface OrderFilter {
  readonly customerId: string;
  readonly status?: Order['status'] | undefined;
}

/** The orders of customers. Nobody reaches an order but through the customer who placed it. */
@Injectable()
export class OrdersService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Places an order. With a key, any number of simultaneous or later calls with the same content
   * place one order and all get it, as it is by then.
   *
   * @throws OrderError `key_used_for_another_order`
   */
  place(customerId: string, wish: NewOrder, key?: string): Promise<Order> {
    const orderId = randomUUID();
    const { manager } = this.dataSource;
    if (key === undefined) return insertOrder(manager, orderId, customerId, wish);
    return manager.transaction(async (transaction) => {
      const earlier = await claimKey(transaction, { customerId, key, orderId }, wish);
      return earlier ?? insertOrder(transaction, orderId, customerId, wish);
    });
  }

  /**
   * A customer's orders, the latest first.
   *
   * @throws PageCursorError
   */
  list({ customerId, status }: OrderFilter, page: PageQuery): Promise<Page<Order>> {
    const orders = this.dataSource
      .createQueryBuilder(Order, 'o')
      .where({ customerId, ...(status && { status }) });
    return readLatestFirst(orders, `orders ${JSON.stringify([customerId, status])}`, page);
  }

  /** @throws OrderError `not_found`, for another customer's order too */
  async find(customerId: string, orderId: string): Promise<Order> {
    const id = uuidOf(orderId);
    const order = await this.dataSource.manager.findOneBy(Order, { id, customerId });
    if (!order) throw new OrderError('not_found', 'The customer has no such order');
    return order;
  }

  /** @throws OrderError `not_found`, or `not_open`: of simultaneous calls all but one */
  async cancel(customerId: string, orderId: string): Promise<Order> {
    const id = uuidOf(orderId);
    const open = { id, customerId, status: 'open' } as const;
    const { affected } = await this.dataSource.manager.update(Order, open, { status: 'cancelled' });
    const order = await this.find(customerId, id);
    if (affected === 0) throw new OrderError('not_open', `The order is ${order.status}`);
    return order;
  }
}

async function insertOrder(
  manager: EntityManager,
  id: string,
  customerId: string,
  { currency, items }: NewOrder,
): Promise<Order> {
  const total = orderTotal(items);
  if (total === undefined) throw new RangeError('NewOrder lets no such total pass');
  const order = manager.create(Order, { id, customerId, status: 'open', currency, items, total });
  // Not `save`, which would look for an order with this new id first.
  await manager.insert(Order, order);
  return order;
}

/** No order has an id of another form; Postgres would call it an error. */
function uuidOf(orderId: string): string {
  const id = toUuid(orderId);
  if (id === undefined) throw new OrderError('not_found', 'The text is no id of an order');
  return id;
}
