import { startPostgres } from '@jwt-auth/dev-stack';
import pg from 'pg';

export interface RevokedDatabase extends AsyncDisposable {
  readonly url: string;
}

const revokedTokens = 1_000;

/** A Postgres of its own with a table of revoked token ids, as the tutorials have it. */
export async function revokedDatabase(): Promise<RevokedDatabase> {
  const server = await startPostgres();
  const client = new pg.Client({ connectionString: server.url() });
  try {
    await client.connect();
    await client.query('CREATE TABLE revoked_token (jti text PRIMARY KEY)');
    await client.query(
      'INSERT INTO revoked_token SELECT gen_random_uuid() FROM generate_series(1, $1::int)',
      [revokedTokens],
    );
    await client.query('ANALYZE revoked_token');
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    await client.end();
  }
  return { url: server.url(), [Symbol.asyncDispose]: () => server.stop() };
}
