import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `add-client-audiences` renamed `clients.disabled_at` to `deleted_at`, under processes of the
 * release that knew the old name. Here both names stand beside each other, and a trigger keeps them
 * equal, whichever of them a release writes. To be dropped in the release after 0.1.0.
 */
export class KeepClientDisabledAt1764000000202 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE clients ADD COLUMN IF NOT EXISTS disabled_at timestamptz');
    await runner.query('UPDATE clients SET disabled_at = deleted_at WHERE deleted_at IS NOT NULL');
    await runner.query(`
      CREATE OR REPLACE FUNCTION clients_mirror_deleted_at() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          NEW.deleted_at := coalesce(NEW.deleted_at, NEW.disabled_at);
        ELSIF NEW.disabled_at IS DISTINCT FROM OLD.disabled_at THEN
          NEW.deleted_at := NEW.disabled_at;
        END IF;
        NEW.disabled_at := NEW.deleted_at;
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE OR REPLACE TRIGGER clients_mirror_deleted_at BEFORE INSERT OR UPDATE ON clients
      FOR EACH ROW EXECUTE FUNCTION clients_mirror_deleted_at()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER clients_mirror_deleted_at ON clients');
    await runner.query('DROP FUNCTION clients_mirror_deleted_at');
    await runner.query('ALTER TABLE clients DROP disabled_at');
  }
}
