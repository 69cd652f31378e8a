import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLoginLimits1763900000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE login_limits (
        key text PRIMARY KEY,
        failures integer NOT NULL,
        blocked_until timestamptz,
        forgotten_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX login_limits_forgotten_at ON login_limits (forgotten_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_limits');
  }
}
