import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles that need a second factor. The release before does not know it, and gives them without one. */
export class RequireFactors1764000000801 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE roles ADD COLUMN requires_mfa boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE roles DROP COLUMN requires_mfa');
  }
}
