import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Passkeys, and the challenges that they answer. */
export class CreatePasskeys1764000000810 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE passkeys (
        factor_id uuid PRIMARY KEY REFERENCES factors (id) ON DELETE CASCADE,
        credential_id text NOT NULL UNIQUE,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        transports text[] NOT NULL,
        is_synced boolean NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE passkey_challenges (
        hash bytea PRIMARY KEY CHECK (length(hash) = 32),
        bound_to text NOT NULL,
        user_id uuid REFERENCES users (id) ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX passkey_challenges_user_id ON passkey_challenges (user_id)');
    await runner.query(
      'CREATE INDEX passkey_challenges_expires_at ON passkey_challenges (expires_at)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE passkey_challenges, passkeys');
  }
}
