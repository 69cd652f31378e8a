import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateClients1763900000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE clients (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        grants text[] NOT NULL,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE client_secrets (
        id uuid PRIMARY KEY,
        client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
        hash bytea NOT NULL CHECK (length(hash) = 32),
        created_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX client_secrets_of_client ON client_secrets (client_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE client_secrets');
    await runner.query('DROP TABLE clients');
  }
}
