import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1763900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        email_key text NOT NULL CONSTRAINT users_email_key UNIQUE,
        password_hash text NOT NULL,
        password_changed_at timestamptz NOT NULL,
        roles text[] NOT NULL,
        is_disabled boolean NOT NULL,
        claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object'),
        created_at timestamptz NOT NULL
      )`);
    // The order in which they are listed, page by page.
    await runner.query('CREATE INDEX users_created_at ON users (created_at, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE users');
  }
}
