import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReferenceTokens1763900000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // No foreign keys: a token is outlived by whatever it belongs to, and dies by its revocation.
    await runner.query(`
      CREATE TABLE reference_tokens (
        hash bytea PRIMARY KEY CHECK (length(hash) = 32),
        claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object'),
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX reference_tokens_by_expiry ON reference_tokens (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reference_tokens');
  }
}
