import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For the removal of old events, and for exports. It is built while other transactions write. */
export class IndexAuditEventsByTime1764000000761 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS audit_events_at');
    await runner.query('CREATE INDEX CONCURRENTLY audit_events_at ON audit_events (at, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_events_at');
  }
}
