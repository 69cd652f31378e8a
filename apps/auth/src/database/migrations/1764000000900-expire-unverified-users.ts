import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Accounts that were never verified are removed: those that somebody has used are not `pending` from now on.
 * The indexes find the others, and a user's mails that wait, which would take a read of all users and of the
 * whole outbox. They are built while other transactions write.
 */
export class ExpireUnverifiedUsers1764000000900 implements MigrationInterface {
  // As `CREATE INDEX CONCURRENTLY` demands. So each statement can be run again.
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE users SET registration = 'open'
      WHERE registration = 'pending' AND email_verified_at IS NULL AND (
        EXISTS (SELECT FROM known_networks WHERE user_id = users.id)
        OR EXISTS (SELECT FROM sessions WHERE user_id = users.id)
        OR EXISTS (
          SELECT FROM audit_events
          WHERE actor = users.id::text AND action = 'session.started'))`);
    // An attempt that waited for a lock in vain leaves an index that nothing uses.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS users_unverified');
    await runner.query(`
      CREATE INDEX CONCURRENTLY users_unverified ON users (password_changed_at)
      WHERE registration = 'pending' AND email_verified_at IS NULL`);
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS outgoing_mails_of_user');
    await runner.query(`
      CREATE INDEX CONCURRENTLY outgoing_mails_of_user ON outgoing_mails (user_id)
      WHERE user_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX outgoing_mails_of_user');
    await runner.query('DROP INDEX users_unverified');
  }
}
