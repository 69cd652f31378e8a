import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For the search of users by the beginning of their e-mail, and for the reference tokens of a user who
 * is deleted. Both are built while other transactions write.
 */
export class IndexForAdministration1764000000720 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS users_email_prefix');
    await runner.query(`
      CREATE INDEX CONCURRENTLY users_email_prefix ON users (email_key text_pattern_ops)`);
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS reference_tokens_of_subject');
    await runner.query(`
      CREATE INDEX CONCURRENTLY reference_tokens_of_subject
      ON reference_tokens ((claims ->> 'sub'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX reference_tokens_of_subject');
    await runner.query('DROP INDEX users_email_prefix');
  }
}
