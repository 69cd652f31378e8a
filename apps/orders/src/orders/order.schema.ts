import { Identifier, pageOf, PageQuery } from '@jwt-auth/chassis';
import { z } from 'zod';

import { orderTotal } from './order-total.js';
import { ORDER_STATUSES } from './order.entity.js';

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

/** What a customer may ask for. Its total is certain to be a safe integer. */
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

/** Which of a customer's orders are asked for. */
export const OrdersQuery = PageQuery.extend({
  status: z.enum(ORDER_STATUSES).optional(),
  customerId: Identifier.optional(),
});
export type OrdersQuery = z.infer<typeof OrdersQuery>;

/** An order as it is answered. */
export const OrderAnswer = z.object({
  id: z.uuid(),
  customerId: z.string(),
  status: z.enum(ORDER_STATUSES),
  ...NewOrder.shape,
  total: z.int().meta({ description: 'in minor units', example: 900 }),
  createdAt: z.iso.datetime(),
});

export const OrderPageAnswer = pageOf(OrderAnswer);
