import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddClientAudiences1763900000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The defaults are for the clients that there are, and for processes that know no better.
    await runner.query(`
      ALTER TABLE clients
        ADD audiences text[] NOT NULL DEFAULT '{}',
        ADD claims jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(claims) = 'object'),
        ADD is_disabled boolean NOT NULL DEFAULT false,
        ADD revoked_at timestamptz`);
    await runner.query('ALTER TABLE clients RENAME disabled_at TO deleted_at');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE clients RENAME deleted_at TO disabled_at');
    await runner.query(`
      ALTER TABLE clients DROP audiences, DROP claims, DROP is_disabled, DROP revoked_at`);
  }
}
