import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOrders1763900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Milliseconds, as JavaScript reads them: a cursor made of a rounded time would skip orders.
    await runner.query(`
      CREATE TABLE orders (
        id uuid PRIMARY KEY,
        customer_id varchar(255) NOT NULL,
        status varchar(16) NOT NULL CHECK (status IN ('open', 'cancelled')),
        currency char(3) NOT NULL,
        items jsonb NOT NULL,
        total bigint NOT NULL CHECK (total >= 0),
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE INDEX orders_of_customer ON orders (customer_id, created_at DESC, id DESC)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE orders');
  }
}
