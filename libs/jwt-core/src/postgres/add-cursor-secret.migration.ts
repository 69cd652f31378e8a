import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The secret that the cursors of the feed are signed with: one for all processes on the database,
 * kept over restarts. A cursor that was made up costs no query then.
 */
export class AddCursorSecret1764000000101 implements MigrationInterface {
  readonly name = 'AddCursorSecret1764000000101';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE revoked_tokens_cursor_secret (
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        secret bytea NOT NULL CHECK (length(secret) >= 32)
      )`);
    // A UUID has 122 random bits, from the same source as Postgres's own secrets.
    await queryRunner.query(`
      INSERT INTO revoked_tokens_cursor_secret (secret)
      VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE revoked_tokens_cursor_secret`);
  }
}
