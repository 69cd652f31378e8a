import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What sessions are for, and what their access tokens say: so that a narrowed role finds its tokens. */
export class KeepAudienceAndScopes1764000000501 implements MigrationInterface {
  // A refresh locks both tables: one transaction that held one and waited for the other would be a
  // deadlock with it. Each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sessions ADD COLUMN IF NOT EXISTS audience text');
    await runner.query(`
      ALTER TABLE refresh_tokens ADD COLUMN IF NOT EXISTS access_token_audience text,
        ADD COLUMN IF NOT EXISTS access_token_scopes text[]`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE refresh_tokens DROP COLUMN access_token_audience,
        DROP COLUMN access_token_scopes`);
    await runner.query('ALTER TABLE sessions DROP COLUMN audience');
  }
}
