import { Identifier, pageOf, PageQuery } from '@jwt-auth/chassis';
import { z } from 'zod';

import { ORDER_STATUSES, type OrderItem } from './order.entity.js';

const currencies = new Set(Intl.supportedValuesOf('currency'));

const NewOrderItem = z.strictObject({
  sku: z
    .string()
    .max(64)
    .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII without spaces')
    .meta({ example: 'tea' }),
  quantity: z.int().min(1).max(10_000).meta({ example: 2 }),
  unitPrice: z.int().min(0).meta({ description: 'in minor units', example: 450 }),
});

/**
 * The sum of an order in minor units. `undefined` when it exceeds what a JSON number carries exactly
 * (2⁵³ - 1).
 */
export function orderTotal(items: readonly OrderItem[]): number | undefined {
  const total = items.reduce(
    (sum, { quantity, unitPrice }) => sum + BigInt(quantity) * BigInt(unitPrice),
    0n,
  );
  return total <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(total) : undefined;
}

/** What a customer orders. Its total is a safe integer. */
export const NewOrder = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: 'expected three upper-case letters', abort: true })
    .refine((code) => currencies.has(code), 'expected a currency of ISO 4217')
    .meta({ example: 'EUR' }),
  items: z
    .array(NewOrderItem)
    .min(1)
    .max(100)
    .refine((items) => orderTotal(items) !== undefined, 'expected a total of at most 2^53 - 1'),
});
export type NewOrder = z.infer<typeof NewOrder>;

/** The query of a list of orders. */
export const OrdersQuery = PageQuery.extend({
  status: z.enum(ORDER_STATUSES).optional(),
  customerId: Identifier.optional(),
});
export type OrdersQuery = z.infer<typeof OrdersQuery>;

/** An order in an answer. */
export const OrderAnswer = z.object({
  id: z.uuid(),
  customerId: z.string(),
  status: z.enum(ORDER_STATUSES),
  ...NewOrder.shape,
  total: z.int().meta({ description: 'in minor units', example: 900 }),
  createdAt: z.iso.datetime(),
});

export const OrderPageAnswer = pageOf(OrderAnswer);
