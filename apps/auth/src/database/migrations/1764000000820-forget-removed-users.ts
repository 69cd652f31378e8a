import type { MigrationInterface, QueryRunner } from 'typeorm';

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

/**
 * When a user's row goes, the audit log loses where that user acted from: the address, and the id of the
 * request, by which the app's own log has the address. An event without an actor counts as the user's whom
 * it is about. Where an administrator or a client acted from stays: that is not data of the user.
 *
 * The database does it by itself, for both releases and every way in which a row goes. `forget_removed_user`
 * changes the log as the owner of the schema. The trigger of the log refuses every other change, also by the
 * owner. Each removal is an event: a user who is removed and put back has lost the addresses, and the log
 * says so.
 *
 * The functions name the schema, and take operators from `pg_catalog` alone: a temporary table or an
 * operator of the app's role must not decide.
 */
export class ForgetRemovedUsers1764000000820 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again, and locks one table.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const [{ schema }] = (await runner.query('SELECT quote_ident(current_schema()) AS schema')) as [
      { schema: string },
    ];
    await refuseOtherChanges(runner, schema);
    await forgetWithTheRow(runner, schema);
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS audit_events_without_actor');
    await runner.query(`
      CREATE INDEX CONCURRENTLY audit_events_without_actor
      ON audit_events (coalesce(detail ->> 'userId', subject))
      WHERE actor IS NULL AND address IS NOT NULL`);
    await forgetThoseBefore(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER users_forgotten ON users');
    await runner.query('DROP FUNCTION forget_removed_user');
    await runner.query(`
      CREATE OR REPLACE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query('DROP TRIGGER audit_events_unchanged ON audit_events');
    await runner.query('DROP FUNCTION refuse_change_but_forgetting');
    await runner.query('DROP INDEX audit_events_without_actor');
  }
}

async function refuseOtherChanges(runner: QueryRunner, schema: string): Promise<void> {
  // Inside another trigger the depth is 2. `*=` compares bytes: 1.0 and 1.00 in `detail` are equal otherwise.
  await runner.query(`
    CREATE OR REPLACE FUNCTION refuse_change_but_forgetting() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      forgotten record;
      of_user text := coalesce(OLD.actor, OLD.detail ->> 'userId', OLD.subject);
    BEGIN
      forgotten := OLD;
      forgotten.address := NULL;
      forgotten.request_id := NULL;
      IF pg_trigger_depth() > 1 AND NEW *= forgotten AND of_user ~ '${UUID}' THEN
        PERFORM FROM ${schema}.users WHERE id = of_user::uuid;
        IF NOT FOUND THEN RETURN NEW; END IF;
      END IF;
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END $$`);
  await runner.query(`
    CREATE OR REPLACE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_forgetting()`);
  await runner.query(`
    CREATE OR REPLACE TRIGGER audit_events_append_only BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
}

/** Measured: 40 µs for an event. `statement_timeout` does not count at the end of a transaction. */
async function forgetWithTheRow(runner: QueryRunner, schema: string): Promise<void> {
  // Rows that are locked are being removed for their age: to wait for them could be a deadlock.
  await runner.query(`
    CREATE OR REPLACE FUNCTION forget_removed_user() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      of_user text := OLD.id;
      events bigint;
    BEGIN
      PERFORM FROM ${schema}.users WHERE id = OLD.id;
      IF FOUND THEN RETURN NULL; END IF;
      UPDATE ${schema}.audit_events SET address = NULL, request_id = NULL WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${schema}.audit_events
        WHERE address IS NOT NULL AND (
          actor = of_user OR actor IS NULL AND coalesce(detail ->> 'userId', subject) = of_user)
        FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS events = ROW_COUNT;
      INSERT INTO ${schema}.audit_events (at, action, subject, detail)
      VALUES (clock_timestamp(), 'user.removed', of_user, jsonb_build_object('events', events));
      RETURN NULL;
    END $$`);
  // Nobody else makes a trigger of it, on a table of their own.
  await runner.query('REVOKE ALL ON FUNCTION forget_removed_user FROM PUBLIC');
  await runner.query('DROP TRIGGER IF EXISTS users_forgotten ON users');
  // At the end of the transaction, with all events that it has added by then.
  await runner.query(`
    CREATE CONSTRAINT TRIGGER users_forgotten AFTER DELETE ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget_removed_user()`);
}

/** The users who went before, of whom the log knows: in one transaction, by the same function. */
async function forgetThoseBefore(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE removed_users AS
      SELECT subject::uuid AS id FROM (
        SELECT subject FROM audit_events
        WHERE action IN ('user.deleted', 'user.deletion_requested') AND subject ~ '${UUID}'
        EXCEPT SELECT id::text FROM users) AS removed;
    CREATE TRIGGER removed_users_forgotten AFTER DELETE ON removed_users
      FOR EACH ROW EXECUTE FUNCTION forget_removed_user();
    DELETE FROM removed_users;
    DROP TABLE removed_users`);
}
