import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Users who were there before are `trusted`: they have not verified their e-mail, and log in as before.
 * So are those that the release before adds while it runs beside this one.
 */
export class VerifyEmails1764000000730 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE users ADD COLUMN email_verified_at timestamptz,
        ADD COLUMN registration text NOT NULL DEFAULT 'trusted'`);
    // A newer link takes the place of the one before.
    await runner.query(`
      CREATE TABLE account_links (
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        purpose text NOT NULL,
        hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
        email text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, purpose)
      )`);
    await runner.query('CREATE INDEX account_links_expires_at ON account_links (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE account_links');
    await runner.query('ALTER TABLE users DROP COLUMN email_verified_at, DROP COLUMN registration');
  }
}
