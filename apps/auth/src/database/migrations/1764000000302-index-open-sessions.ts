import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For the bound of a user's sessions, which each login checks. Ended sessions stay for weeks: without
 * it a login reads all of them. It is built while other transactions write.
 */
export class IndexOpenSessions1764000000302 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS sessions_open');
    await runner.query(`
      CREATE INDEX CONCURRENTLY sessions_open ON sessions (user_id) WHERE ended_at IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sessions_open');
  }
}
