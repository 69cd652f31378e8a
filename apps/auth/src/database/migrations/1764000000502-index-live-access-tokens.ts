import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For the access tokens that have not expired, of all users: a narrowed role revokes those that it
 * concerns, while logins wait. Without it, each token of the last month is read. It is built while
 * other transactions write.
 */
export class IndexLiveAccessTokens1764000000502 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS refresh_tokens_live_access');
    await runner.query(`
      CREATE INDEX CONCURRENTLY refresh_tokens_live_access
      ON refresh_tokens (access_token_expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX refresh_tokens_live_access');
  }
}
