import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOutgoingMails1764000000700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outgoing_mails (
        id uuid PRIMARY KEY,
        template text NOT NULL,
        recipient text NOT NULL,
        user_id uuid,
        details jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        attempts integer NOT NULL
      )`);
    await runner.query(
      'CREATE INDEX outgoing_mails_next_attempt_at ON outgoing_mails (next_attempt_at)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outgoing_mails');
  }
}
