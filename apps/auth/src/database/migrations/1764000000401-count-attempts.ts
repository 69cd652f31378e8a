import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Attempts are counted before a password is compared, and each user has a list of known networks.
 *
 * The release before does not write `known_networks`: an address that logs in there for the first
 * time during the upgrade becomes known at its next login.
 */
export class CountAttempts1764000000401 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE login_limits ADD COLUMN IF NOT EXISTS free integer,
        ADD COLUMN IF NOT EXISTS attempt_id uuid`);
    await runner.query(`
      CREATE TABLE known_networks (
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        network text NOT NULL,
        last_login_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, network)
      )`);
    await runner.query(
      'CREATE INDEX known_networks_last_login_at ON known_networks (last_login_at)',
    );
    // An IPv4 address, or the first 64 bits of an IPv6 address. Sessions have other text as well:
    // earlier releases stored what a proxy had sent.
    await runner.query(`
      CREATE FUNCTION pg_temp.network_of(address text) RETURNS text LANGUAGE plpgsql AS $$
      DECLARE
        hex text;
      BEGIN
        hex := encode(inet_send(address::inet), 'hex');
        IF family(address::inet) = 4 THEN RETURN host(address::inet); END IF;
        RETURN (
          SELECT string_agg(to_hex(('x' || substr(hex, 9 + 4 * n, 4))::bit(16)::int), ':' ORDER BY n)
          FROM generate_series(0, 3) AS n
        ) || '::/64';
      EXCEPTION WHEN invalid_text_representation THEN RETURN NULL;
      END $$`);
    await runner.query(`
      INSERT INTO known_networks (user_id, network, last_login_at)
      SELECT user_id, network, max(created_at)
      FROM sessions, pg_temp.network_of(address) AS network
      WHERE network IS NOT NULL
      GROUP BY user_id, network`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE known_networks');
    await runner.query('ALTER TABLE login_limits DROP COLUMN free, DROP COLUMN attempt_id');
  }
}
