import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdempotencyKeys1763900000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The key is claimed before its order is written, hence the deferred reference.
    await runner.query(`
      CREATE TABLE idempotency_keys (
        customer_id varchar(255) NOT NULL,
        key varchar(255) NOT NULL,
        body_digest bytea NOT NULL CHECK (length(body_digest) = 32),
        order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, key)
      )`);
    await runner.query('CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)');
    await runner.query('CREATE INDEX idempotency_keys_of_order ON idempotency_keys (order_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_keys');
  }
}
