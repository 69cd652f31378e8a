import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSigningKeys1763900000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('next', 'active', 'retired', 'withdrawn')),
        public_key jsonb NOT NULL,
        private_key bytea,
        created_at timestamptz NOT NULL,
        activated_at timestamptz,
        retired_at timestamptz,
        CHECK ((private_key IS NOT NULL) = (state IN ('next', 'active')))
      )`);
    await runner.query(`
      CREATE UNIQUE INDEX signing_keys_single ON signing_keys (state)
      WHERE state IN ('next', 'active')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE signing_keys');
  }
}
