import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When and how the user of a session was authenticated. Of sessions from before, and of those that the
 * release before starts, it is known: at their start, by a password.
 */
export class KeepAuthentication1764000000770 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz, ADD COLUMN amr text[]`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sessions DROP COLUMN authenticated_at, DROP COLUMN amr');
  }
}
