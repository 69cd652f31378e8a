import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An order starts open, and may be cancelled once. */
export const ORDER_STATUSES = ['open', 'cancelled'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** One line of an order. `unitPrice` is in minor units of the order's currency. */
export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: number;
}

/** The driver returns a bigint as text. `orderTotal` keeps every total within the safe integers. */
const safeInteger = { from: Number, to: (value: number): number => value };

/** An order, in the database and in answers. */
@Entity('orders')
export class Order {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** The `sub` of the token that placed the order. */
  @Column({ name: 'customer_id', type: 'varchar', length: 255 })
  customerId!: string;

  @Column({ type: 'varchar', length: 16 })
  status!: OrderStatus;

  /** ISO 4217. */
  @Column({ type: 'char', length: 3 })
  currency!: string;

  @Column({ type: 'jsonb' })
  items!: readonly OrderItem[];

  /** In minor units. */
  @Column({ type: 'bigint', transformer: safeInteger })
  total!: number;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
