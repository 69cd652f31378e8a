import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The table `revoked_tokens`. Whoever writes to it publishes, also an operator with psql.
 *
 * The feed goes by `xid`, the transaction that added or extended the entry. It is a generated column,
 * not a default, since it has to be true: nobody can set it, and no dump carries it. Ids of another
 * cluster, restored from its dump, would never become visible to a feed of this one, or be passed
 * over by it. The function is not really immutable, as it has to be called; its arguments make
 * Postgres call it for each row that is added, and for each update of these columns.
 */
export class CreateRevokedTokens1763856000000 implements MigrationInterface {
  readonly name = 'CreateRevokedTokens1763856000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION revoked_tokens_xid(kind text, id text, exp bigint, before bigint)
      RETURNS xid8 LANGUAGE plpgsql IMMUTABLE
      AS $$ BEGIN RETURN pg_catalog.pg_current_xact_id(); END $$`);
    await queryRunner.query(`
      CREATE TABLE revoked_tokens (
        kind text COLLATE "C" NOT NULL CHECK (kind IN ('jti', 'sid', 'client', 'kid')),
        id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 255),
        -- Seconds since the epoch, until the year 9999: milliseconds are refused.
        exp bigint NOT NULL CHECK (exp BETWEEN 0 AND 253402300799),
        before bigint CHECK (before BETWEEN 0 AND 253402300799),
        created_at timestamptz NOT NULL DEFAULT now(),
        xid xid8 NOT NULL
          GENERATED ALWAYS AS (revoked_tokens_xid(kind, id, exp, before)) STORED,
        PRIMARY KEY (kind, id),
        CHECK ((kind = 'client') = (before IS NOT NULL))
      )`);
    await queryRunner.query(`CREATE INDEX ON revoked_tokens (xid, kind, id)`);
    await queryRunner.query(`CREATE INDEX ON revoked_tokens (exp)`);
    await queryRunner.query(`
      CREATE FUNCTION revoked_tokens_notify() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_catalog.pg_notify('revoked_tokens', ''); RETURN NULL; END $$`);
    await queryRunner.query(`
      CREATE TRIGGER revoked_tokens_notify AFTER INSERT OR UPDATE ON revoked_tokens
      FOR EACH STATEMENT EXECUTE FUNCTION revoked_tokens_notify()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE revoked_tokens`);
    await queryRunner.query(`DROP FUNCTION revoked_tokens_notify`);
    await queryRunner.query(`DROP FUNCTION revoked_tokens_xid`);
  }
}
