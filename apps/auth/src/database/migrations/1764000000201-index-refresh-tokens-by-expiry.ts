import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `create-sessions` was edited after it had landed: databases that were made before lack the index
 * by which expired refresh tokens are found. It is built while other transactions write.
 */
export class IndexRefreshTokensByExpiry1764000000201 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const { records } = await runner.query(
      `SELECT FROM pg_index WHERE indisvalid
       AND indexrelid = to_regclass('refresh_tokens_by_expiry')`,
      [],
      true,
    );
    if (records.length > 0) return;
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS refresh_tokens_by_expiry');
    await runner.query(`
      CREATE INDEX CONCURRENTLY refresh_tokens_by_expiry ON refresh_tokens (expires_at)`);
  }

  async down(): Promise<void> {
    // The migration before makes the same schema today.
  }
}
