import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That a customer's key was used, for which body, and what order came of it. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn({ name: 'customer_id', type: 'varchar', length: 255 })
  customerId!: string;

  @PrimaryColumn({ type: 'varchar', length: 255 })
  key!: string;

  /** SHA-256 of the order as it was asked for. */
  @Column({ name: 'body_digest', type: 'bytea' })
  bodyDigest!: Buffer;

  @Column({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
