import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSessions1763900000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        requested_scope text,
        address text NOT NULL,
        user_agent text,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        end_reason text,
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
      )`);
    await runner.query('CREATE INDEX sessions_of_user ON sessions (user_id, address)');
    await runner.query('CREATE INDEX sessions_by_expiry ON sessions (expires_at)');
    await runner.query(`
      CREATE TABLE refresh_tokens (
        hash bytea PRIMARY KEY CHECK (length(hash) = 32),
        session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
        predecessor bytea,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        replaced_at timestamptz,
        sealed_successor bytea,
        access_token_id uuid NOT NULL,
        access_token_expires_at timestamptz NOT NULL
      )`);
    // Never two that can be used, whatever the code does.
    await runner.query(`
      CREATE UNIQUE INDEX refresh_tokens_usable ON refresh_tokens (session_id)
      WHERE replaced_at IS NULL`);
    await runner.query(`
      CREATE INDEX refresh_tokens_of_session
      ON refresh_tokens (session_id, access_token_expires_at)`);
    await runner.query('CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE refresh_tokens');
    await runner.query('DROP TABLE sessions');
  }
}
