import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * All that an auth process knows of the position of a follower, so that receipts of other processes
 * read it here. `position` stays, as the release before reads and writes it: a snapshot counts if it
 * begins at it.
 *
 * Logged: a receipt right after a crash or a fail-over would overlook the followers of the processes
 * that have not saved theirs again.
 */
export class KeepFollowerPositions1764000000910 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE feed_followers
        -- Everything is applied that is visible in it.
        ADD COLUMN snapshot pg_snapshot,
        -- Of the database whose transactions they are: it changes with a fail-over.
        ADD COLUMN database_identity text`);
    await runner.query('ALTER TABLE feed_followers SET LOGGED');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE feed_followers SET UNLOGGED');
    await runner.query(
      'ALTER TABLE feed_followers DROP COLUMN snapshot, DROP COLUMN database_identity',
    );
  }
}
