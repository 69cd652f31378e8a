import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `revoked_tokens.token_version`: the number of a client's newest revocation. Tokens carry the number
 * that they were issued under, so that no clock decides which of them a revocation ends.
 *
 * A trigger sets it, whoever writes the row, this release or the one before. It runs while the row is
 * locked, so that of two revocations of one client the later has the higher number. One sequence for
 * all clients: when an expired row was removed, the next one still has a higher number than any token.
 */
export class AddTokenVersion1764000000100 implements MigrationInterface {
  readonly name = 'AddTokenVersion1764000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE revoked_tokens ADD token_version bigint`);
    await queryRunner.query(`CREATE SEQUENCE token_versions OWNED BY revoked_tokens.token_version`);
    await queryRunner.query(`
      CREATE FUNCTION revoked_tokens_set_version() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN NEW.token_version := nextval('token_versions'); RETURN NEW; END $$`);
    await queryRunner.query(`
      CREATE TRIGGER revoked_tokens_set_version BEFORE INSERT OR UPDATE ON revoked_tokens
      FOR EACH ROW WHEN (NEW.kind = 'client') EXECUTE FUNCTION revoked_tokens_set_version()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER revoked_tokens_set_version ON revoked_tokens`);
    await queryRunner.query(`DROP FUNCTION revoked_tokens_set_version`);
    await queryRunner.query(`ALTER TABLE revoked_tokens DROP token_version`);
  }
}
