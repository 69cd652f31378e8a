import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For the removal of refresh tokens whose session has ended. */
export class IndexEndedSessions1764000000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sessions_ended');
  }
}
