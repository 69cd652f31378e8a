import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key that a customer has used, and the order that it placed. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn({ name: 'customer_id', type: 'varchar', length: 255 })
  customerId!: string;

  @PrimaryColumn({ type: 'varchar', length: 255 })
  key!: string;

  /** SHA-256 of the currency and items of the request. */
  @Column({ name: 'body_digest', type: 'bytea' })
  bodyDigest!: Buffer;

  @Column({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
