import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `create-signing-keys` was edited after it had landed: databases that were made before keep the
 * private key of a retired key mandatory, and cannot rotate. They get what newer ones have. The
 * others are left alone, without a lock on the table.
 */
export class CompleteEarlySchemas1764000000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$ BEGIN
        IF EXISTS (
          SELECT FROM pg_constraint
          WHERE conrelid = 'signing_keys'::regclass AND conname = 'signing_keys_check'
        ) THEN RETURN; END IF;
        ALTER TABLE signing_keys ALTER private_key DROP NOT NULL;
        UPDATE signing_keys SET private_key = NULL WHERE state NOT IN ('next', 'active');
        ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_check
          CHECK ((private_key IS NOT NULL) = (state IN ('next', 'active')));
      END $$`);
  }

  async down(): Promise<void> {
    // The migration before makes the same schema today.
  }
}
