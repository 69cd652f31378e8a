import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Audit events may be removed once they are old, and never changed. How old is a row of a table that
 * only the owner of the schema may change: an app with a role of its own cannot remove anything earlier.
 *
 * The function names the schema, and takes operators from `pg_catalog` alone: a temporary table or an
 * operator of the app's role must not decide.
 */
export class ExpireAuditEvents1764000000760 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_retention (
        is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
        keep interval NOT NULL
      )`);
    await runner.query(`INSERT INTO audit_retention (keep) VALUES ('400 days')`);
    await runner.query(`
      CREATE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql
      SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        kept interval;
      BEGIN
        EXECUTE format('SELECT keep FROM %I.audit_retention', TG_TABLE_SCHEMA) INTO STRICT kept;
        IF OLD.at < now() - kept THEN RETURN OLD; END IF;
        RAISE EXCEPTION '% is append-only, and keeps its rows for %', TG_TABLE_NAME, kept;
      END $$`);
    await runner.query('DROP TRIGGER audit_events_append_only ON audit_events');
    await runner.query(`
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query(`
      CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
      FOR EACH ROW EXECUTE FUNCTION refuse_early_removal()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER audit_events_kept ON audit_events');
    await runner.query('DROP TRIGGER audit_events_append_only ON audit_events');
    await runner.query(`
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query('DROP FUNCTION refuse_early_removal');
    await runner.query('DROP TABLE audit_retention');
  }
}
