import { createHash, randomUUID } from 'node:crypto';

import { toUuid, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';

import type { Order } from './order.entity.js';
import { OrdersError } from './orders.errors.js';
import { OrdersRepository, type OrderFilter, type UnstoredOrder } from './orders.repository.js';
import { orderTotal, type NewOrder } from './orders.schema.js';

/** The orders of customers. An order is found only for the customer who placed it. */
@Injectable()
export class OrdersService {
  constructor(private readonly orders: OrdersRepository) {}

  /**
   * Places an order. With a key, any number of simultaneous or later calls with the same content
   * place one order, and all return its present state.
   *
   * @throws OrdersError `key_used_for_another_order`
   */
  place(customerId: string, newOrder: NewOrder, key?: string): Promise<Order> {
    const order = unstoredOrder(customerId, newOrder);
    if (key === undefined) return this.orders.insert(order);
    return this.orders.transaction(async (manager) => {
      const bodyDigest = digestOf(order);
      const claim = { customerId, key, orderId: order.id, bodyDigest };
      const stored = await this.orders.claimKey(manager, claim);
      if (stored.orderId === order.id) return this.orders.insert(order, manager);
      if (!stored.bodyDigest.equals(bodyDigest)) {
        throw new OrdersError('key_used_for_another_order', 'The key has another content');
      }
      const earlier = await this.orders.find(customerId, stored.orderId, manager);
      if (!earlier) throw new Error('An idempotency key names an order that is not there');
      return earlier;
    });
  }

  /**
   * A customer's orders, the latest first.
   *
   * @throws PageCursorError
   */
  list(filter: OrderFilter, page: PageQuery): Promise<Page<Order>> {
    return this.orders.list(filter, page);
  }

  /** @throws OrdersError `not_found`, for another customer's order too */
  async find(customerId: string, orderId: string): Promise<Order> {
    const order = await this.orders.find(customerId, uuidOf(orderId));
    if (!order) throw new OrdersError('not_found', 'The customer has no such order');
    return order;
  }

  /** @throws OrdersError `not_found`, or `not_open`: of simultaneous calls all but one */
  async cancel(customerId: string, orderId: string): Promise<Order> {
    const wasOpen = await this.orders.cancel(customerId, uuidOf(orderId));
    const order = await this.find(customerId, orderId);
    if (!wasOpen) throw new OrdersError('not_open', `The order is ${order.status}`);
    return order;
  }
}

function unstoredOrder(customerId: string, { currency, items }: NewOrder): UnstoredOrder {
  const total = orderTotal(items);
  if (total === undefined) throw new RangeError('NewOrder accepts no such total');
  return { id: randomUUID(), customerId, status: 'open', currency, items, total };
}

/** Of the values, and not of the text of the request: members may come in any order. */
function digestOf({ currency, items }: Pick<Order, 'currency' | 'items'>): Buffer {
  const content = [currency, ...items.map((item) => [item.sku, item.quantity, item.unitPrice])];
  return createHash('sha256').update(JSON.stringify(content)).digest();
}

/** No order has an id of another form; for Postgres it would be an error. */
function uuidOf(orderId: string): string {
  const id = toUuid(orderId);
  if (id === undefined) throw new OrdersError('not_found', 'The text is no id of an order');
  return id;
}
