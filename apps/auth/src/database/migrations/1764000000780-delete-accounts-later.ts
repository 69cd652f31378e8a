import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a user who deleted the account is removed. The user is disabled until then, so that processes of
 * the release before, which do not know the column, log nobody in. The indexes find such users, and what
 * the audit log has of one user; not by session or token, of which most events are. They are built while other transactions write.
 */
export class DeleteAccountsLater1764000000780 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN IF NOT EXISTS delete_at timestamptz');
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS users_delete_at');
    await runner.query(`
      CREATE INDEX CONCURRENTLY users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL`);
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS audit_events_of_actor');
    await runner.query(`
      CREATE INDEX CONCURRENTLY audit_events_of_actor ON audit_events (actor, id)
      WHERE actor IS NOT NULL`);
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS audit_events_of_subject');
    await runner.query(`
      CREATE INDEX CONCURRENTLY audit_events_of_subject ON audit_events (subject, id)
      WHERE subject IS DISTINCT FROM actor AND action !~ '^(session|token)[.]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_events_of_subject');
    await runner.query('DROP INDEX audit_events_of_actor');
    await runner.query('DROP INDEX users_delete_at');
    await runner.query('ALTER TABLE users DROP COLUMN delete_at');
  }
}
