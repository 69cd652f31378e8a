import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors, recovery codes, and logins that wait for one. */
export class CreateFactors1764000000800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE users ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false',
    );
    await runner.query(`
      CREATE TABLE factors (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        kind text NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz,
        secret bytea,
        last_step integer,
        CHECK (kind <> 'totp' OR (secret IS NOT NULL AND last_step IS NOT NULL))
      )`);
    await runner.query('CREATE INDEX factors_user_id ON factors (user_id)');
    await runner.query(`CREATE UNIQUE INDEX factors_totp ON factors (user_id) WHERE kind = 'totp'`);
    await runner.query(`
      CREATE TABLE totp_enrolments (
        user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        session_id uuid NOT NULL,
        name text NOT NULL,
        secret bytea NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX totp_enrolments_expires_at ON totp_enrolments (expires_at)');
    await runner.query(`
      CREATE TABLE recovery_codes (
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        hash bytea NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (user_id, hash)
      )`);
    await runner.query(`
      CREATE TABLE login_tickets (
        hash bytea PRIMARY KEY CHECK (length(hash) = 32),
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        password_changed_at timestamptz NOT NULL,
        request jsonb NOT NULL,
        guesses integer NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX login_tickets_user_id ON login_tickets (user_id)');
    await runner.query('CREATE INDEX login_tickets_expires_at ON login_tickets (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_tickets, recovery_codes, totp_enrolments, factors');
    await runner.query('ALTER TABLE users DROP COLUMN has_second_factor');
  }
}
